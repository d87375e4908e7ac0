package dev.kiln.run;

/**
 * Chips that were not embedded, by reason.
 *
 * @param edge squares at the right and lower edge of a scene that are not whole chips
 * @param cloud chips with a larger share of cloud than allowed
 * @param nodata chips with a larger share of pixels without data than allowed
 * @param offEarth chips whose corners have no longitude and latitude
 * @param outside chips that are not in the area of the run
 */
public record ChipsLeftOut(long edge, long cloud, long nodata, long offEarth, long outside) {
  /** No chips. */
  public static final ChipsLeftOut NONE = new ChipsLeftOut(0, 0, 0, 0, 0);

  /** Returns the sum of two counts. */
  ChipsLeftOut plus(ChipsLeftOut other) {
    return new ChipsLeftOut(
        edge + other.edge,
        cloud + other.cloud,
        nodata + other.nodata,
        offEarth + other.offEarth,
        outside + other.outside);
  }

  /** Returns the counts with more chips left out for lack of data. */
  ChipsLeftOut plusNodata(long chips) {
    return new ChipsLeftOut(edge, cloud, nodata + chips, offEarth, outside);
  }

  /** Returns the counts with more chips left out because they are off the Earth. */
  ChipsLeftOut plusOffEarth(long chips) {
    return new ChipsLeftOut(edge, cloud, nodata, offEarth + chips, outside);
  }

  /** Returns all of them. */
  long total() {
    return edge + cloud + nodata + offEarth + outside;
  }

  @Override
  public String toString() {
    return "edge %d, cloud %d, nodata %d, off the Earth %d, outside the area %d"
        .formatted(edge, cloud, nodata, offEarth, outside);
  }
}
