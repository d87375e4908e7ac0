package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.refused;

import java.util.stream.Stream;

/** Reference systems in which coordinates do not grow to the east and north. */
final class AxesQuirks {
  private static final String REASON = "axes point to the east and north";

  private AxesQuirks() {}

  private static Quirk quirk(String name, int epsg, double... geotransform) {
    return refused(
        name,
        "linz",
        Quirks::linz,
        () -> linz().file(f -> f.epsg(epsg).geotransform(geotransform)),
        REASON);
  }

  static Stream<Quirk> all() {
    return Stream.of(
        quirk("axes to the west and south", 2054, 20_000, -0.3, 0, 2_900_000, 0, 0.3),
        quirk("axes to the west and south, as if they were not", 2054, 0, 0.3, 0, 3e6, 0, -0.3),
        refused(
            "pixels that are not square on the ground",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.epsg(4087).geotransform(1e6, 0.3, 0, 6_679_169, 0, -0.3)),
            "found 0.50 times as wide as high"),
        quirk("axes to the south and west", 5513, 1_100_000, 0.3, 0, 700_000, 0, -0.3));
  }
}
