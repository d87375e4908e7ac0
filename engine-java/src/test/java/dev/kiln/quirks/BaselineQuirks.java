package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.REFLECTANCE;
import static dev.kiln.quirks.Quirks.same;
import static dev.kiln.quirks.Quirks.sentinel2;

import dev.kiln.testing.GeoTiffs;
import java.util.Map;
import java.util.stream.Stream;

/** Bright scenes of Sentinel-2, whose values do not tell whether they have the offset. */
final class BaselineQuirks {
  private static final GeoTiffs.Pixels BRIGHT = (b, x, y) -> 1200 + REFLECTANCE.at(b, x, y);
  private static final GeoTiffs.Pixels SHIFTED = (b, x, y) -> 1000 + BRIGHT.at(b, x, y);

  private BaselineQuirks() {}

  private static Quirk quirk(String name, boolean offset, Map<String, Object> stated) {
    return same(
        name,
        "sentinel-2-l2a",
        () -> sentinel2(BRIGHT),
        () ->
            sentinel2(offset ? SHIFTED : BRIGHT)
                .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                .item(
                    s ->
                        stated.forEach(
                            (key, value) ->
                                (key.equals("collection") || key.equals("id")
                                        ? s.item
                                        : s.properties())
                                    .putPOJO(key, value))));
  }

  static Stream<Quirk> all() {
    String baseline = "s2:processing_baseline";
    return Stream.of(
        quirk("baseline 0214 without a point", false, Map.of(baseline, "0214")),
        quirk("baseline N0301", false, Map.of(baseline, "N0301")),
        quirk("baseline 2.14 as a number", false, Map.of(baseline, 2.14)),
        quirk("baseline N0510", true, Map.of(baseline, "N0510")),
        quirk(
            "baseline in the name of a granule",
            false,
            Map.of(
                "s2:granule_id", "S2B_OPER_MSI_L2A_TL_2BPS_20210615T140000_A022780_T14TPQ_N03.00")),
        quirk(
            "the version of other software",
            true,
            Map.of("processing:version", "2.0.0", "collection", "other")),
        quirk(
            "harmonized by Google Earth Engine",
            false,
            Map.of(baseline, "05.09", "collection", "COPERNICUS/S2_SR_HARMONIZED")),
        quirk(
            "reflectance of Digital Earth Australia", false, Map.of("collection", "ga_s2am_ard_3")),
        quirk("reflectance of HLS", false, Map.of("collection", "HLSS30_2.0")));
  }
}
