package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.gap;
import static dev.kiln.quirks.Quirks.radar;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.testing.GeoTiffs;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Backscatter that is not in decibels. */
final class BackscatterQuirks {
  private static final String PLATFORM = "sentinel-1-rtc";

  /** Backscatter of forests, which as amplitude could be that of deserts. */
  private static final GeoTiffs.Pixels BRIGHT = Quirks.DECIBELS;

  /** Backscatter that as amplitude would be below the noise of the sensor. */
  private static final GeoTiffs.Pixels DARK = (b, x, y) -> BRIGHT.at(b, x, y) - 6;

  /** Backscatter with buildings and ships. */
  private static final GeoTiffs.Pixels TARGETS =
      (b, x, y) -> x % 7 == 3 && y % 5 == 2 ? 34 : BRIGHT.at(b, x, y);

  private BackscatterQuirks() {}

  private static GeoTiffs.Pixels power(GeoTiffs.Pixels decibels) {
    return (b, x, y) -> Math.pow(10, (float) decibels.at(b, x, y) / 10);
  }

  private static GeoTiffs.Pixels amplitude(GeoTiffs.Pixels decibels) {
    return (b, x, y) -> Math.pow(10, (float) decibels.at(b, x, y) / 20);
  }

  private static QuirkScene collection(QuirkScene scene, String name) {
    return scene.item(s -> s.item.put("collection", name));
  }

  private static QuirkScene unit(QuirkScene scene, String text) {
    return scene.item(
        s -> {
          for (int i = 0; i < 2; i++) {
            s.asset("data").withArrayProperty("raster:bands").addObject().put("unit", text);
          }
        });
  }

  static Stream<Quirk> all() {
    String ambiguous = "--pixel-values power or --pixel-values amplitude";
    Supplier<QuirkScene> bright = () -> radar(BRIGHT);
    Supplier<QuirkScene> dark = () -> radar(DARK);
    return Stream.of(
        same("linear power, by the values", PLATFORM, dark, () -> radar(power(DARK))),
        same(
            "linear power, by the values, gaps of 0",
            PLATFORM,
            () -> radar((b, x, y) -> gap(x) ? Float.NaN : DARK.at(b, x, y)),
            () -> radar((b, x, y) -> gap(x) ? 0 : power(DARK).at(b, x, y))),
        same(
            "linear power, by the collection",
            PLATFORM,
            bright,
            () -> collection(radar(power(BRIGHT)), "sentinel-1-rtc")),
        same(
            "bright targets in linear power",
            PLATFORM,
            () -> radar(TARGETS),
            () -> collection(radar(power(TARGETS)), "sentinel-1-rtc")),
        same(
            "decibels that no target reflects",
            PLATFORM,
            () -> radar((b, x, y) -> gap(x) ? Float.NaN : BRIGHT.at(b, x, y)),
            () -> radar((b, x, y) -> gap(x) ? 255 : BRIGHT.at(b, x, y))),
        same(
            "linear power, by the unit of the item",
            PLATFORM,
            bright,
            () -> unit(radar(power(BRIGHT)), "linear power")),
        same(
            "linear power, by the description of the bands",
            PLATFORM,
            bright,
            () -> radar(power(BRIGHT)).file(f -> f.names("Gamma0_VV", "Gamma0_VH"))),
        same(
            "amplitude, by the unit of the item",
            PLATFORM,
            bright,
            () -> unit(radar(amplitude(BRIGHT)), "amplitude")),
        same(
            "amplitude, by the description of the bands",
            PLATFORM,
            dark,
            () -> radar(amplitude(DARK)).file(f -> f.names("Amplitude_VV", "Amplitude_VH"))),
        same(
            "amplitude, by the unit in a file beside the image",
            PLATFORM,
            dark,
            () ->
                radar(amplitude(DARK))
                    .beside(
                        "data.tif.aux.xml",
                        SidecarQuirks.bands(2, "<UnitType>amplitude</UnitType>"))),
        refused(
            "linear power or amplitude", PLATFORM, bright, () -> radar(power(BRIGHT)), ambiguous),
        refused(
            "amplitude below 1 that could be power",
            PLATFORM,
            dark,
            () -> radar(amplitude(DARK)),
            ambiguous),
        refused(
            "amplitude in a collection of linear power",
            PLATFORM,
            dark,
            () -> unit(collection(radar(amplitude(DARK)), "sentinel-1-rtc"), "amplitude"),
            ambiguous),
        refused(
            "positive values that are stated to be decibels",
            PLATFORM,
            bright,
            () -> unit(radar(power(BRIGHT)), "dB"),
            ambiguous),
        refused(
            "amplitude above 1",
            PLATFORM,
            bright,
            () -> radar((b, x, y) -> 200 + 30 * BRIGHT.at(b, x, y) / 10),
            "in dB"),
        refused(
            "amplitude above 1 that is stated to be amplitude",
            PLATFORM,
            bright,
            () -> unit(radar((b, x, y) -> 200 + 3 * BRIGHT.at(b, x, y)), "amplitude"),
            "in dB"));
  }
}
