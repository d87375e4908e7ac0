package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.gap;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.stream.Stream;

/** Platforms that users describe: their values are neither decibels nor digital numbers. */
final class OtherPlatformQuirks {
  private static final Platform MOISTURE =
      new Platform(
          "moisture",
          10,
          List.of(new Band("ndmi", 0.86, -0.1, 0.25), new Band("ndwi", 1.6, -0.2, 0.3)));
  private static final Platform DEPTH =
      new Platform("depth", 10, List.of(new Band("z", 0.5, -2000, 1500)));
  private static final Platform REFLECTANCE =
      new Platform(
          "reflectance",
          10,
          List.of(new Band("red", 0.65, 0.1, 0.05), new Band("green", 0.56, 0.09, 0.05)));

  static final List<Platform> PLATFORMS = List.of(MOISTURE, DEPTH, REFLECTANCE);

  private OtherPlatformQuirks() {}

  private static QuirkScene scene(Platform platform, GeoTiffs.Pixels pixels) {
    return QuirkScene.of("float32", 10, platform.bands().stream().map(Band::name).toList(), pixels);
  }

  /** As integers with tags, whose values are exactly those of the plain scene. */
  private static QuirkScene tagged(Platform platform, double scale, GeoTiffs.Pixels pixels) {
    return QuirkScene.of("int16", 10, platform.bands().stream().map(Band::name).toList(), pixels)
        .file(f -> f.scale(scale, 0));
  }

  static Stream<Quirk> all() {
    GeoTiffs.Pixels steps = (b, x, y) -> (7 * x + 13 * y + b) % 64;
    GeoTiffs.Pixels depths = (b, x, y) -> -50 - 40 * steps.at(b, x, y);
    return Stream.of(
        same(
            "indices that are positive and have a mean below 0",
            MOISTURE.name(),
            () -> scene(MOISTURE, (b, x, y) -> (1 + steps.at(b, x, y)) / 128),
            () -> tagged(MOISTURE, 1 / 128.0, (b, x, y) -> 1 + steps.at(b, x, y))),
        same(
            "indices of 0 in all bands",
            MOISTURE.name(),
            () -> scene(MOISTURE, (b, x, y) -> gap(x) ? 1e-9 : steps.at(b, x, y) / 64 - 0.5),
            () -> scene(MOISTURE, (b, x, y) -> gap(x) ? 0 : steps.at(b, x, y) / 64 - 0.5)),
        same(
            "depths below the sea with gaps",
            DEPTH.name(),
            () -> scene(DEPTH, (b, x, y) -> gap(x) ? -2000 : depths.at(b, x, y)),
            () -> scene(DEPTH, (b, x, y) -> gap(x) ? Float.NaN : depths.at(b, x, y))),
        same(
            "reflectance that is partly negative",
            REFLECTANCE.name(),
            () -> scene(REFLECTANCE, (b, x, y) -> steps.at(b, x, y) / 256 - 1 / 64.0),
            () -> tagged(REFLECTANCE, 1 / 256.0, (b, x, y) -> steps.at(b, x, y) - 4)));
  }
}
