package dev.kiln.run;

/**
 * Chips that were not embedded, by reason.
 *
 * @param edge squares at the right and lower edge of a scene that are not whole chips
 * @param cloud chips with a larger share of cloud than allowed
 * @param nodata chips with a larger share of pixels without data than allowed
 * @param offEarth chips whose corners have no longitude and latitude
 */
public record ChipsLeftOut(long edge, long cloud, long nodata, long offEarth) {
  /** No chips. */
  public static final ChipsLeftOut NONE = new ChipsLeftOut(0, 0, 0, 0);

  /** Returns the sum of two counts. */
  ChipsLeftOut plus(ChipsLeftOut other) {
    return new ChipsLeftOut(
        edge + other.edge, cloud + other.cloud, nodata + other.nodata, offEarth + other.offEarth);
  }

  /** Returns the counts with more chips left out for lack of data. */
  ChipsLeftOut plusNodata(long chips) {
    return new ChipsLeftOut(edge, cloud, nodata + chips, offEarth);
  }

  /** Returns the counts with more chips left out because they are off the Earth. */
  ChipsLeftOut plusOffEarth(long chips) {
    return new ChipsLeftOut(edge, cloud, nodata, offEarth + chips);
  }

  /** Returns all of them. */
  long total() {
    return edge + cloud + nodata + offEarth;
  }

  @Override
  public String toString() {
    return "edge %d, cloud %d, nodata %d, off the Earth %d"
        .formatted(edge, cloud, nodata, offEarth);
  }
}
