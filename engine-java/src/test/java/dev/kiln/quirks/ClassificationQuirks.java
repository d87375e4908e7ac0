package dev.kiln.quirks;

import static dev.kiln.quirks.QuirkScene.CHIP;
import static dev.kiln.quirks.Quirks.REFLECTANCE;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.sentinel2;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Classification bands whose files, and not their classes, say where there is no data. */
final class ClassificationQuirks {
  private static final String PLATFORM = "sentinel-2-l2a";
  private static final String AUXILIARY = "scl.tif.aux.xml";

  private ClassificationQuirks() {}

  private static QuirkScene scene() {
    return sentinel2(REFLECTANCE);
  }

  private static QuirkScene mask(Consumer<GeoTiffs> change) {
    QuirkScene scene = scene();
    change.accept(scene.files.get("scl"));
    return scene;
  }

  private static GeoTiffs.Pixels leftChip(int value) {
    return (b, x, y) -> x < CHIP ? value : 4;
  }

  /** Returns a quirk whose left chip has no data. */
  private static Quirk leftOut(String name, Supplier<QuirkScene> quirky) {
    return new Quirk(
        name, PLATFORM, () -> mask(f -> f.pixels(leftChip(0))), quirky, 1, Optional.empty());
  }

  static Stream<Quirk> all() {
    return Stream.of(
        refused(
            "classes with a compression that changes them",
            PLATFORM,
            ClassificationQuirks::scene,
            () -> mask(f -> f.option("COMPRESS=JPEG")),
            "expected a classification band with a lossless compression, found JPEG"),
        leftOut("classes with an internal mask", () -> mask(f -> f.mask((x, y) -> x < CHIP))),
        leftOut(
            "classes with a nodata value", () -> mask(f -> f.nodata(255).pixels(leftChip(255)))),
        leftOut(
            "classes with a nodata value in the item",
            () ->
                mask(f -> f.pixels(leftChip(255)))
                    .item(
                        s ->
                            s.asset("scl")
                                .putArray("raster:bands")
                                .addObject()
                                .put("nodata", 255))),
        leftOut(
            "classes with a nodata value beside the file",
            () ->
                mask(f -> f.pixels(leftChip(255)))
                    .beside(AUXILIARY, SidecarQuirks.bands(1, "<NoDataValue>255</NoDataValue>"))),
        leftOut(
            "classes with an alpha band",
            () ->
                mask(
                    f ->
                        f.bands(2)
                            .option("ALPHA=YES")
                            .pixels((b, x, y) -> b == 0 ? 4 : x < CHIP ? 0 : 255))),
        leftOut(
            "classes in tiles that were never written",
            () -> mask(f -> f.option("SPARSE_OK=TRUE").nodata(7).hole(0, 0, CHIP, CHIP))),
        new Quirk(
            "classes whose georeferencing is beside the file",
            PLATFORM,
            ClassificationQuirks::scene,
            () ->
                mask(f -> f.geotransform((double[]) null).epsg(0))
                    .beside(AUXILIARY, SidecarQuirks.placeOf(10)),
            2,
            Optional.empty()),
        refused(
            "classes whose georeferencing beside the file contradicts it",
            PLATFORM,
            ClassificationQuirks::scene,
            () -> scene().beside(AUXILIARY, SidecarQuirks.placeOf(30)),
            "georeferencing of scl.tif.aux.xml"),
        refused(
            "classes with damaged XML beside the file",
            PLATFORM,
            ClassificationQuirks::scene,
            () -> scene().beside(AUXILIARY, "<PAMDataset"),
            "damaged XML"),
        refused(
            "classes with a mask beside the file",
            PLATFORM,
            ClassificationQuirks::scene,
            () ->
                scene()
                    .beside(
                        "scl.tif.msk",
                        QuirkScene.of("uint8", 10, List.of(), leftChip(0)).files.get("data")),
            "scl.tif.msk: write both into one file"));
  }
}
