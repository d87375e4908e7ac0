package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads items as they occur in real catalogues; malformed items fail only their scene. */
class ItemQuirksTest {
  private static final String ITEM =
      """
      {"id": "i", "properties": {"datetime": "2020-05-01T10:00:00Z", "proj:epsg": 32633},
       "assets": {"red": {"href": "a.tif"}}}
      """;

  /** An integer that no double can be. */
  private static final String HUGE =
      "1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

  private static Scene scene(String json) {
    return StacItem.parse("x/i.json", json.getBytes(StandardCharsets.UTF_8))
        .scene(StacItemTest.platform("p", 10, "red"));
  }

  @ParameterizedTest
  @CsvSource({
    "2020-05-01T10:00:00Z, 2020-05-01T10:00:00Z",
    "2020-05-01 10:00:00Z, 2020-05-01T10:00:00Z",
    "2020-05-01t10:00:00z, 2020-05-01T10:00:00Z",
    "2020-05-01T10:00:00, 2020-05-01T10:00:00Z",
    "2020-05-01T12:00:00+0200, 2020-05-01T10:00:00Z",
    "2020-05-01T12:00:00+02, 2020-05-01T10:00:00Z",
    "2020-05-01T12:00:00.5+02:00, 2020-05-01T10:00:00.500Z",
    "2020-05-01T10:00Z, 2020-05-01T10:00:00Z",
    "2016-12-31T23:59:60Z, 2017-01-01T00:00:00Z",
    "2020-05-01T10:00:00.1234567891Z, 2020-05-01T10:00:00.123456789Z",
    "2020-05-01 10:00:00 UTC, 2020-05-01T10:00:00Z"
  })
  void variantsOfTimesAreRead(String text, String instant) {
    assertThat(DatetimeText.parse(text)).isEqualTo(Instant.parse(instant));
    assertThat(scene(ITEM.replace("2020-05-01T10:00:00Z", text)).datetime())
        .isEqualTo(Instant.parse(instant));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2020-02-30T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "2020-05-01T25:00:00Z",
        "2020-05-01T10:00:00+99:00",
        "yesterday"
      })
  void impossibleTimesAreRejected(String text) {
    assertThatThrownBy(() -> DatetimeText.parse(text)).isInstanceOf(DateTimeException.class);
    assertPermanent(ITEM.replace("2020-05-01T10:00:00Z", text));
  }

  @Test
  void nodataAsTextAndFlagsAsNumbersAreRead() {
    StacItem item =
        StacItem.parse(
            "x/i.json",
            """
            {"id": "i", "properties": {"datetime": "2024-01-01T00:00:00Z",
               "earthsearch:boa_offset_applied": 1},
             "assets": {"red": {"href": "r.tif", "raster:bands": [{"nodata": "-9.5e1"}]},
               "nir": {"href": "n.tif", "nodata": "none"}}}\
            """
                .getBytes(StandardCharsets.UTF_8));
    assertThat(item.boaOffsetApplied()).contains(true);
    assertThat(item.assets().get("red").bands().get(0).nodata()).hasValue(-95);
    assertThat(item.assets().get("nir").nodata()).isEmpty();
  }

  @Test
  void nanAndInfinityAreAccepted() {
    String asset = "\"other\": {\"href\": \"b.txt\", \"size\": [NaN, -Infinity]}, \"red\"";
    assertThat(scene(ITEM.replace("\"red\"", asset)).bands()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1e300, 1e300]",
        "[" + HUGE + ", 16]",
        "[16.5, 16.5]",
        "[-1, 16]",
        "[16]",
        "[\"16\", 16]",
        "{}",
        "[1, 2, 3]"
      })
  void impossibleShapesAreIgnored(String shape) {
    String json = ITEM.replace("\"a.tif\"", "\"a.tif\", \"proj:shape\": " + shape);
    assertThat(scene(json).bands()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://b.s3.amazonaws.com/a%zz.tif",
        "a\\u0000.tif",
        "a\\ud800.tif",
        "a\\nINFO forged.tif",
        "s3://b/../x.tif"
      })
  void invalidHrefsArePermanentErrors(String href) {
    String json = ITEM.replace("a.tif", href);
    if (href.contains("%zz")) {
      // A valid name of a web object, which a local source does not read.
      assertThat(scene(json).bands().get(0).object().root()).startsWith("https://");
    } else {
      assertPermanent(json);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-10", "1e308", "1e-400", "NaN", "Infinity", HUGE})
  void impossibleGsdIsIgnored(String gsd) {
    String json = ITEM.replace("\"a.tif\"", "\"a.tif\", \"gsd\": " + gsd);
    assertThat(scene(json).gsd()).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "",
        "{\"id\": \"  \", \"properties\": {}, \"assets\": {}}",
        "{\"id\": \"i\", \"properties\": {\"datetime\": 5}, \"assets\": {}}",
        "{\"id\": \"i\", \"properties\": {\"datetime\": null}, \"assets\": []}"
      })
  void otherJsonIsRejected(String json) {
    assertPermanent(json);
  }

  @Test
  void oversizedItemIsRejectedAtTheLimit() {
    long[] read = {0};
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            read[0]++;
            return ' ';
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            read[0] += length;
            java.util.Arrays.fill(target, offset, offset + length, (byte) ' ');
            return length;
          }
        };
    assertThatThrownBy(() -> StacItem.read("x/i.json", name -> endless))
        .isInstanceOfSatisfying(
            SceneException.class,
            e -> assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT))
        .hasMessageContaining("at most 16,777,216 bytes, found more");
    assertThat(read[0]).isLessThan(2L * StacItem.MAX_BYTES);
  }

  /** Whichever bytes are changed, the item is read or rejected with an error of its scene. */
  @Test
  void mutatedItemsFailOnlyTheirScene() {
    Random random = new Random(7);
    byte[] original = ITEM.getBytes(StandardCharsets.UTF_8);
    String values = "{}[]\",:0123456789.eE-+\\u0000 truefalsnN";
    for (int i = 0; i < 20_000; i++) {
      byte[] mutated = original.clone();
      for (int n = 0; n <= random.nextInt(4); n++) {
        mutated[random.nextInt(mutated.length)] =
            (byte) values.charAt(random.nextInt(values.length()));
      }
      try {
        StacItem.parse("x/i.json", mutated).scene(StacItemTest.platform("p", 10, "red"));
      } catch (SceneException expected) {
        assertThat(expected.kind()).isEqualTo(SceneException.Kind.PERMANENT);
      }
    }
  }

  private static void assertPermanent(String json) {
    assertThatThrownBy(() -> scene(json))
        .isInstanceOfSatisfying(
            SceneException.class,
            e -> assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT));
  }

  @Test
  void missingItemIsReportedByItsSource() {
    assertThatThrownBy(
            () ->
                StacItem.read(
                    "x",
                    name -> {
                      throw new IOException(name);
                    }))
        .isInstanceOf(IOException.class);
  }
}
