package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names, colours and time in the header of a TIFF, as GDAL writes them. */
class TiffDescriptionTest {
  @TempDir Path directory;

  private TiffDescription describe(GeoTiffs file) throws IOException, InterruptedException {
    byte[] bytes = Files.readAllBytes(file.write(directory.resolve("x.tif")));
    return TiffDescription.read(
        "x.tif", bytes.length, (offset, length) -> ByteBuffer.wrap(bytes, (int) offset, length));
  }

  @Test
  void namesAndTimeAreRead() throws Exception {
    TiffDescription found =
        describe(
            GeoTiffs.naip()
                .size(16, 16)
                .type("uint16")
                .names("blue & green", "", "röd <1>", "nir")
                .datetime("2024:03:01 10:30:00"));
    assertThat(found.names()).containsExactly("blue & green", "", "röd <1>", "nir");
    assertThat(found.colours()).isEqualTo(List.of("", "", "", ""));
    assertThat(found.datetime()).contains("2024:03:01 10:30:00");
  }

  @Test
  void coloursAreRead() throws Exception {
    assertThat(describe(GeoTiffs.naip().size(16, 16).bands(3).option("PHOTOMETRIC=RGB")).colours())
        .containsExactly("red", "green", "blue");
    assertThat(
            describe(GeoTiffs.naip().size(16, 16).option("PHOTOMETRIC=RGB").option("ALPHA=YES"))
                .colours())
        .containsExactly("red", "green", "blue", "alpha");
    assertThat(
            describe(GeoTiffs.naip().size(16, 16).option("PHOTOMETRIC=RGB").option("ALPHA=NO"))
                .colours())
        .containsExactly("red", "green", "blue", "");
    assertThat(
            describe(GeoTiffs.naip().size(16, 16).bands(2).option("PHOTOMETRIC=MINISBLACK"))
                .colours())
        .containsExactly("", "");
  }

  /** What precedes the damage is used, as GDAL does. */
  @Test
  void damagedXmlIsNoError() throws Exception {
    Path file =
        GeoTiffs.naip()
            .size(16, 16)
            .names("red", "gre!n", "", "")
            .write(directory.resolve("damaged.tif"));
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(text).contains("gre!n");
    byte[] bytes = text.replace("gre!n", "gre&n").getBytes(StandardCharsets.ISO_8859_1);
    TiffDescription found =
        TiffDescription.read(
            "x.tif",
            bytes.length,
            (offset, length) -> ByteBuffer.wrap(bytes, (int) offset, length));
    assertThat(found.names()).containsExactly("red", "", "", "");
  }

  @Test
  void fileThatSaysNothingHasNoDescription() throws Exception {
    TiffDescription found = describe(GeoTiffs.naip().size(16, 16).bands(1).type("float32"));
    assertThat(found).isEqualTo(new TiffDescription(List.of(""), List.of(""), Optional.empty()));
  }
}
