package dev.kiln.cli;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.dataset.RowFilter;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.run.AreaFile;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** Options that limit which chips of a dataset are searched. */
@Heading.Under(Heading.CHIPS)
final class SearchFilterFlags {
  @Option(
      names = "--aoi",
      paramLabel = "URI",
      description =
          "Only chips that intersect the polygons of this file: GeoJSON, GeoPackage, FlatGeobuf,"
              + " GeoParquet or Shapefile, in any CRS.")
  private String aoi;

  @Option(
      names = "--bbox",
      paramLabel = "W,S,E,N",
      description =
          "Only chips that intersect this box in degrees; it crosses the antimeridian if W is"
              + " greater than E.")
  private String bbox;

  @Option(
      names = "--datetime",
      paramLabel = "START/END",
      description =
          "Only chips of this period: times, days, months or years; .. for an open start or end.")
  private String datetime;

  @Option(
      names = "--platform",
      paramLabel = "P",
      split = ",",
      description = "Only chips of these platforms (repeatable); also the platform of --image.")
  private List<String> platforms = List.of();

  @Option(
      names = "--max-cloud",
      paramLabel = "FRACTION",
      description = "Only chips with at most this fraction of cloudy pixels, 0 to 1.")
  private Double maxCloud;

  @Option(
      names = "--max-nodata",
      paramLabel = "FRACTION",
      description = "Only chips with at most this fraction of pixels without data, 0 to 1.")
  private Double maxNodata;

  /** Returns the platforms. */
  List<String> platforms() {
    return platforms;
  }

  /** Returns the filter, checked. */
  RowFilter filter(StoreOptions options) throws IOException {
    RowFilter.Builder filter = RowFilter.builder().platforms(Set.copyOf(platforms));
    if (aoi != null && bbox != null) {
      throw new OptionException("--aoi cannot be combined with --bbox");
    }
    if (aoi != null) {
      filter.area(AreaFile.read("--aoi", aoi, options));
    }
    if (bbox != null) {
      double[] box = Numbers.parse("--bbox", "W,S,E,N in degrees", bbox, 4);
      if (Math.abs(box[0]) > 180
          || Math.abs(box[2]) > 180
          || box[1] < -90
          || box[3] > 90
          || box[1] > box[3]) {
        throw new OptionException("--bbox: expected W,S,E,N in degrees, found '" + bbox + "'");
      }
      filter.area(AreaOfInterest.ofBox(box[0], box[1], box[2], box[3]));
    }
    if (datetime != null) {
      DatetimeRange range = OptionException.parse(() -> DatetimeRange.parse(datetime));
      range.from().ifPresent(filter::from);
      range.to().ifPresent(filter::to);
    }
    if (maxCloud != null) {
      Range.fraction("--max-cloud", maxCloud);
      filter.maxCloud(maxCloud);
    }
    if (maxNodata != null) {
      Range.fraction("--max-nodata", maxNodata);
      filter.maxNodata(maxNodata);
    }
    return filter.build();
  }

  /** Lists of numbers as option values. */
  static final class Numbers {
    private Numbers() {}

    /** Returns the numbers of a value. */
    static double[] parse(String option, String expected, String value, int count) {
      String[] parts = value.split(",", -1);
      double[] numbers = new double[count];
      try {
        for (int i = 0; i < count && parts.length == count; i++) {
          numbers[i] = Double.parseDouble(parts[i].strip());
        }
      } catch (NumberFormatException e) {
        throw new OptionException(option + ": expected " + expected + ", found '" + value + "'");
      }
      for (double number : numbers) {
        if (parts.length != count || !Double.isFinite(number)) {
          throw new OptionException(option + ": expected " + expected + ", found '" + value + "'");
        }
      }
      return numbers;
    }
  }
}
