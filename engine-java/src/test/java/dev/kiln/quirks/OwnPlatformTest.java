package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.REFLECTANCE;
import static dev.kiln.quirks.Quirks.gap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunReport;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.Vectors;
import dev.kiln.testing.Distance;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Platforms of users, whose files state units, conversions and products. Each scene is compared
 * with one of the same ground that a platform without these statements reads, or is refused.
 */
class OwnPlatformTest {
  private static final double TOLERANCE = 2e-5;

  /** Platforms with equal wavelengths have equal weights. */
  private static final String PLATFORMS =
      """
      plain:
        band_order: [a, b]
        gsd: 10
        bands: &plain
          mean: {a: 0.12, b: 0.2}
          std: {a: 0.1, b: 0.15}
          wavelength: {a: 0.65, b: 0.86}
      scaled:
        band_order: [a, b]
        gsd: 10
        bands:
          <<: *plain
          scale: 0.0001
          offset: {a: -0.1, b: -0.1}
      warm:
        band_order: [a, b]
        gsd: 10
        bands: &warm
          mean: {a: 0.5, b: 2}
          std: {a: 10, b: 12}
          wavelength: {a: 10.9, b: 12}
          unit: other
      cold:
        band_order: [a, b]
        gsd: 10
        bands:
          <<: *warm
          mean: {a: -5, b: -7}
      decibels:
        band_order: [a, b]
        gsd: 10
        bands:
          <<: *warm
          mean: {a: 0.5, b: -7}
          unit: dB
      power:
        band_order: [vv, vh]
        gsd: 10
        bands:
          mean: {vv: 0.1, vh: 0.05}
          std: {vv: 0.9, vh: 0.9}
          wavelength: {vv: 3.5, vh: 4}
          unit: power
      mixed:
        band_order: [vv, height]
        gsd: 10
        bands:
          mean: {vv: -12, height: 300}
          std: {vv: 6, height: 200}
          wavelength: {vv: 3.5, height: 0.5}
          unit: {height: other}
      visible:
        band_order: [red, nir]
        gsd: 10
        bands: &visible
          mean: {red: 1552, nir: 2743}
          std: {red: 1888, nir: 1742}
          wavelength: {red: 0.665, nir: 0.842}
      visible-of-sentinel-2:
        band_order: [red, nir]
        gsd: 10
        bands: *visible
        product: sentinel-2-l2a
      visible-of-none:
        band_order: [red, nir]
        gsd: 10
        bands: *visible
        product: none
      reflectance:
        band_order: [red, nir]
        gsd: 10
        bands: &reflectance
          mean: {red: 0.1552, nir: 0.2743}
          std: {red: 0.1888, nir: 0.1742}
          wavelength: {red: 0.665, nir: 0.842}
      reflectance-of-sentinel-2:
        band_order: [red, nir]
        gsd: 10
        bands:
          <<: *reflectance
          scale: 0.0001
        product: sentinel-2-l2a
      """;

  private static final List<String> AB = List.of("a", "b");
  private static final List<String> RED_NIR = List.of("red", "nir");
  private static final GeoTiffs.Pixels STEPS = (b, x, y) -> (7 * x + 13 * y + 5 * b) % 64;
  private static final GeoTiffs.Pixels SHIFTED = (b, x, y) -> 1000 + REFLECTANCE.at(b, x, y);

  @TempDir static Path shared;

  /** All cases by the name of their directory. */
  private static final Map<String, Case> CASES = new LinkedHashMap<>();

  /** Reasons of failed scenes by their keys. */
  private static final Map<String, String> FAILURES = new TreeMap<>();

  static {
    all().forEach(which -> CASES.put("c" + CASES.size(), which));
  }

  /** A scene of a platform, and the scene of another platform with the same vectors. */
  private record Case(
      String name,
      String platform,
      Supplier<QuirkScene> quirky,
      String plainPlatform,
      Supplier<QuirkScene> plain,
      Optional<String> refusal) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Case same(
      String name,
      String platform,
      Supplier<QuirkScene> quirky,
      String plainPlatform,
      Supplier<QuirkScene> plain) {
    return new Case(name, platform, quirky, plainPlatform, plain, Optional.empty());
  }

  private static Case refused(
      String name, String platform, Supplier<QuirkScene> quirky, String reason) {
    return new Case(name, platform, quirky, "", quirky, Optional.of(reason));
  }

  /** Embeds all scenes, in one run per platform. */
  @BeforeAll
  static void embed() throws Exception {
    Path file = Files.writeString(shared.resolve("platforms.yaml"), PLATFORMS);
    PlatformCatalog catalog = PlatformCatalog.load(file);
    List<Platform> platforms = new ArrayList<>(catalog.all());
    platforms.removeAll(PlatformCatalog.builtIn().all());
    // As in models that were exported before units could be stated.
    platforms.add(
        new Platform(
            "in-doubt", 10, List.of(new Band("a", 10.9, -5, 10), new Band("b", 12, -7, 12))));
    Path checkpoint = shared.resolve("micro.ckpt");
    new RandomCheckpoint(Architecture.named("micro"), DataType.FP32, 1, 0).write(checkpoint);
    ModelDirectory model =
        Exporter.export(
            checkpoint,
            new Exporter.Options(platforms, List.of(QuirkScene.CHIP), false, false),
            shared.resolve("model"));
    for (Platform platform : platforms) {
      embed(model, platform.name());
    }
  }

  private static void embed(ModelDirectory model, String platform) throws Exception {
    Path source = shared.resolve("source");
    List<String> plain = new ArrayList<>();
    List<String> quirky = new ArrayList<>();
    for (Map.Entry<String, Case> entry : CASES.entrySet()) {
      Case which = entry.getValue();
      if (which.plainPlatform.equals(platform)) {
        plain.add(which.plain.get().write(source, entry.getKey() + "/plain"));
      }
      if (which.platform.equals(platform)) {
        quirky.add(which.quirky.get().write(source, entry.getKey() + "/quirky"));
      }
    }
    try (ObjectStore from = ObjectStores.open(source.toString());
        ObjectStore to = ObjectStores.open(shared.resolve("out").toString())) {
      RunReport report =
          new Embedder()
              .embed(
                  EmbedRequest.builder()
                      .model(model, platform)
                      .sceneKeys(Stream.concat(plain.stream(), quirky.stream()).toList())
                      .source(from)
                      .out(to)
                      .chips(ChipOptions.builder().chipSize(QuirkScene.CHIP).build())
                      .encoder(EncoderOptions.of(EncoderOptions.Kind.CPU))
                      .build());
      report.failures().forEach(failed -> FAILURES.put(failed.key(), failed.reason()));
    }
  }

  private static QuirkScene floats(List<String> bands, GeoTiffs.Pixels pixels) {
    return QuirkScene.of("float32", 10, bands, pixels);
  }

  private static QuirkScene integers(List<String> bands, GeoTiffs.Pixels pixels) {
    return QuirkScene.of("uint16", 10, bands, pixels);
  }

  /** Two bands of a product of Sentinel-2 since baseline 04.00. */
  private static QuirkScene sentinel2(GeoTiffs.Pixels pixels) {
    return integers(RED_NIR, pixels)
        .add("scl", "uint8", 10, List.of(), (b, x, y) -> 4)
        .item(s -> s.item.put("collection", "sentinel-2-l2a"))
        .item(s -> s.properties().put("s2:processing_baseline", "05.09"));
  }

  private static QuirkScene words(QuirkScene scene, String unit) {
    return scene.item(
        s -> {
          for (int i = 0; i < 2; i++) {
            s.asset("data").withArrayProperty("raster:bands").addObject().put("unit", unit);
          }
        });
  }

  static Stream<Arguments> cases() {
    return CASES.entrySet().stream().map(which -> Arguments.of(which.getValue(), which.getKey()));
  }

  private static Stream<Case> all() {
    return Stream.of(units(), conversions(), products()).flatMap(s -> s);
  }

  private static Stream<Case> units() {
    GeoTiffs.Pixels decibels = (b, x, y) -> -14 + STEPS.at(b, x, y) / 8;
    GeoTiffs.Pixels power = (b, x, y) -> Math.pow(10, (float) decibels.at(b, x, y) / 10);
    GeoTiffs.Pixels degrees = (b, x, y) -> STEPS.at(b, x, y) / 4 - 9;
    return Stream.of(
        same(
            "temperatures of 0 in all bands are data",
            "cold",
            () -> floats(AB, (b, x, y) -> gap(x) ? 0 : degrees.at(b, x, y)),
            "cold",
            () -> floats(AB, (b, x, y) -> gap(x) ? 1e-9 : degrees.at(b, x, y))),
        same(
            "temperatures above 0, whose mean is below",
            "cold",
            () -> floats(AB, (b, x, y) -> 0.25 + STEPS.at(b, x, y) / 64),
            "cold",
            () ->
                QuirkScene.of("int16", 10, AB, (b, x, y) -> 16 + STEPS.at(b, x, y))
                    .file(f -> f.scale(1 / 64.0, 0))),
        refused(
            "positive values of bands whose unit is in doubt",
            "in-doubt",
            () -> floats(AB, (b, x, y) -> 0.25 + STEPS.at(b, x, y) / 640),
            "state unit (dB, power, amplitude, other) in its platform file"),
        same(
            "decibels with a mean above -1, in linear power",
            "decibels",
            () -> words(floats(AB, power), "linear power"),
            "decibels",
            () -> floats(AB, decibels)),
        refused(
            "decibels where linear power is stated",
            "power",
            () -> floats(List.of("vv", "vh"), decibels),
            "band vv: expected the unit power of its platform file, found negative values"),
        refused(
            "amplitude where linear power is stated",
            "power",
            () -> words(floats(List.of("vv", "vh"), power), "amplitude"),
            "found amplitude"),
        refused(
            "linear power of one band in decibels",
            "mixed",
            () ->
                floats(
                    List.of("vv", "height"),
                    (b, x, y) -> b == 0 ? power.at(b, x, y) : 100 + STEPS.at(b, x, y)),
            "band vv: expected decibels, found positive values only"),
        refused(
            "decibels where another unit is stated",
            "warm",
            () -> words(floats(AB, degrees), "dB"),
            "expected the unit other of its platform file, found dB in the metadata"));
  }

  private static Stream<Case> conversions() {
    Supplier<QuirkScene> stored = () -> integers(AB, SHIFTED);
    Supplier<QuirkScene> meant =
        () -> floats(AB, (b, x, y) -> (float) (SHIFTED.at(b, x, y) * 1e-4 - 0.1));
    return Stream.of(
        same("scale and offset of the platform", "scaled", stored, "plain", meant),
        same(
            "scale and offset of the platform, with gaps",
            "scaled",
            () ->
                integers(AB, (b, x, y) -> gap(x) ? 0 : SHIFTED.at(b, x, y)).file(f -> f.nodata(0)),
            "plain",
            () ->
                integers(AB, (b, x, y) -> gap(x) ? 0 : SHIFTED.at(b, x, y))
                    .file(f -> f.nodata(0).scale(1e-4, -0.1))),
        same(
            "the same scale and offset in the file",
            "scaled",
            () -> stored.get().file(f -> f.scale(1e-4, -0.1)),
            "plain",
            meant),
        same(
            "an item's scale beside that of the platform",
            "scaled",
            () -> stored.get().item(s -> Quirks.stateScale(s, 1e-3, 0)),
            "plain",
            meant),
        refused(
            "another scale and offset in the file",
            "scaled",
            () -> stored.get().file(f -> f.scale(1e-4, 0)),
            "band a: expected × 1.0E-4 + -0.1, as the platform file states, found tags of × 1.0E-4 + 0.0"),
        refused(
            "values that are converted already",
            "scaled",
            () -> integers(AB, (b, x, y) -> 50_000 + REFLECTANCE.at(b, x, y)),
            "converted as its platform file states"));
  }

  private static Stream<Case> products() {
    Supplier<QuirkScene> plain =
        () ->
            sentinel2(REFLECTANCE).item(s -> s.properties().put("s2:processing_baseline", "02.14"));
    return Stream.of(
        same(
            "Sentinel-2's offset of a product that is stated",
            "visible-of-sentinel-2",
            () -> sentinel2(SHIFTED),
            "visible",
            plain),
        same(
            "no offset before baseline 04.00 of a product that is stated",
            "visible-of-sentinel-2",
            plain,
            "visible",
            plain),
        same(
            "names of bands and offset of a product that is stated",
            "visible-of-sentinel-2",
            () ->
                sentinel2(SHIFTED)
                    .item(
                        s -> {
                          s.asset("data").putArray("eo:bands").addObject().put("name", "B04");
                          s.asset("data")
                              .withArrayProperty("eo:bands")
                              .addObject()
                              .put("name", "B08");
                        }),
            "visible",
            plain),
        same(
            "offset and scale to reflectance",
            "reflectance-of-sentinel-2",
            () -> sentinel2(SHIFTED),
            "reflectance",
            () -> floats(RED_NIR, (b, x, y) -> (float) (REFLECTANCE.at(b, x, y) * 1e-4))),
        same(
            "stored values that are stated to be those of the statistics",
            "visible-of-none",
            () -> sentinel2(SHIFTED),
            "visible",
            () -> integers(RED_NIR, SHIFTED)),
        same(
            "no offset that nothing states",
            "visible",
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().put("earthsearch:boa_offset_applied", true)),
            "visible",
            () -> integers(RED_NIR, REFLECTANCE)),
        refused(
            "an offset for statistics that can have it or not",
            "visible",
            () -> sentinel2(SHIFTED),
            "state product: sentinel-2-l2a in its platform file"),
        refused(
            "an offset that only the name of a file tells",
            "visible",
            () ->
                integers(RED_NIR, SHIFTED)
                    .alone("S2B_MSIL2A_20230615T103029_N0509_R108_T14TPQ_20230615T140000.tif"),
            "state product: sentinel-2-l2a in its platform file"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isEmbeddedAsStatedOrRefused(Case which, String name) throws Exception {
    Optional<String> failure =
        FAILURES.entrySet().stream()
            .filter(failed -> failed.getKey().startsWith(name + "/"))
            .map(Map.Entry::getValue)
            .findFirst();
    if (which.refusal.isPresent()) {
      assertThat(failure).isPresent();
      assertThat(failure.get()).contains(which.refusal.get()).hasLineCount(1);
      return;
    }
    assertThat(failure).isEmpty();
    Vectors expected = vectors(name + "/plain");
    Vectors found = vectors(name + "/quirky");
    assertThat(found.values()).hasSameSizeAs(expected.values()).isNotEmpty();
    for (int at = 0; at < expected.values().length; at += expected.dim()) {
      assertThat(Distance.relative(found.values(), expected.values(), at, expected.dim()))
          .isLessThanOrEqualTo(TOLERANCE);
    }
  }

  private static Vectors vectors(String name) throws Exception {
    return EmbeddingFile.open(shared.resolve("out/" + name + "/scene.parquet")).vectors(0);
  }
}
