package dev.kiln.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.ChipFiles;
import dev.kiln.testing.ChipFiles.Grid;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapPictureTest {
  private static final float[] DARK = {0, 0};
  private static final float[] BRIGHT = {8, 0};

  @TempDir Path directory;

  private ChipReading read() throws IOException, InterruptedException {
    try (EmbeddingFiles files =
        EmbeddingFiles.open(directory.toString(), StoreOptions.standard())) {
      return ChipReading.of(files);
    }
  }

  private static boolean isBright(int argb) {
    return (argb >>> 24) == 255 && (argb >> 16 & 0xff) > 200;
  }

  private static boolean isDark(int argb) {
    return (argb >>> 24) == 255 && (argb >> 16 & 0xff) < 60;
  }

  @Test
  void drawsEachChipInItsColourNorthUpAndLeavesGapsTransparent() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.2, 0.1, 2), BRIGHT, DARK, DARK);

    MapPicture picture = MapPicture.of(read().chips(), 200);

    assertThat(picture.width()).isEqualTo(200);
    assertThat(picture.height()).isCloseTo(200, within(1));
    assertThat(picture.panels()).isEqualTo(1);
    assertThat(isBright(picture.argb()[50 * 200 + 50])).isTrue();
    assertThat(isDark(picture.argb()[50 * 200 + 150])).isTrue();
    assertThat(isDark(picture.argb()[150 * 200 + 50])).isTrue();
    assertThat(picture.argb()[150 * 200 + 150]).isZero();
    // Neighbours share their edge: there is no gap between them.
    assertThat(picture.argb()[50 * 200 + 100] >>> 24).isEqualTo(255);
    assertThat(picture.argb()[50 * 200 + 99] >>> 24).isEqualTo(255);
  }

  @Test
  void ofChipsAtTheSamePlaceTheLatestIsVisible() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2021-01-01", 10, 0.1, 0.1, 1), BRIGHT);
    ChipFiles.write(directory, new Grid("b", "2020-01-01", 10, 0.1, 0.1, 1), DARK);

    MapPicture picture = MapPicture.of(read().chips(), 64);

    assertThat(isBright(picture.argb()[32 * 64 + 32])).isTrue();
  }

  @Test
  void pngHasThePixelsOfThePicture() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.2, 0.1, 2), BRIGHT, DARK, DARK);
    MapPicture picture = MapPicture.of(read().chips(), 64);

    BufferedImage read = ImageIO.read(new ByteArrayInputStream(picture.png()));

    assertThat(read.getWidth()).isEqualTo(picture.width());
    assertThat(read.getRGB(10, 10)).isEqualTo(picture.argb()[10 * 64 + 10]);
    assertThat(read.getRGB(50, 10)).isEqualTo(picture.argb()[10 * 64 + 50]);
    assertThat(read.getRGB(50, 50) >>> 24).isZero();
  }

  @Test
  void areasFarApartHavePanelsOfTheirOwn() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.002, 0.002, 2), BRIGHT, DARK);
    ChipFiles.write(directory, new Grid("b", "2020-01-01", -100, 40, 0.002, 1), BRIGHT);

    MapPicture picture = MapPicture.of(read().chips(), 200);

    assertThat(picture.panels()).isEqualTo(2);
    assertThat(picture.width()).isEqualTo(200);
    // Two columns: the area with more chips, twice as wide as high, is on the left. The row is as
    // high as the other area, whose chip is a square in degrees.
    int middle = picture.height() / 2;
    assertThat(picture.height()).isBetween(100, 140);
    assertThat(isBright(picture.argb()[middle * 200 + 30])).isTrue();
    assertThat(isDark(picture.argb()[middle * 200 + 70])).isTrue();
    assertThat(isBright(picture.argb()[middle * 200 + 150])).isTrue();
    assertThat(picture.argb()[5 * 200 + 50]).isZero();
  }

  @Test
  void anAreaOnTheAntimeridianIsInOnePiece() throws Exception {
    ChipFiles.write(
        directory, new Grid("a", "2020-01-01", 179.85, 0.1, 0.1, 3), BRIGHT, DARK, BRIGHT);

    ChipReading reading = read();
    MapPicture picture = MapPicture.of(reading.chips(), 300);

    assertThat(reading.chips().shapes().parts()).isEqualTo(4);
    assertThat(picture.panels()).isEqualTo(1);
    assertThat(picture.height()).isCloseTo(100, within(1));
    assertThat(isBright(picture.argb()[50 * 300 + 50])).isTrue();
    assertThat(isDark(picture.argb()[50 * 300 + 130])).isTrue();
    assertThat(isDark(picture.argb()[50 * 300 + 170])).isTrue();
    assertThat(isBright(picture.argb()[50 * 300 + 250])).isTrue();
  }

  @Test
  void everyChipHasAtLeastAPixel() throws Exception {
    float[][] vectors = new float[40 * 40][];
    Arrays.fill(vectors, DARK);
    vectors[20 * 40 + 20] = BRIGHT;
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.4, 0.01, 40), vectors);

    MapPicture picture = MapPicture.of(read().chips(), 16);

    assertThat(Arrays.stream(picture.argb())).allMatch(pixel -> pixel >>> 24 == 255);
  }

  @Test
  void aFileWithoutChipsIsAnErrorIfThereIsNoOther() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.4, 0.01, 40));

    assertThatThrownBy(this::read)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected at least one chip");
  }

  @Test
  void aDamagedFileIsNamedAndTheOthersAreDrawn() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.1, 0.1, 1), BRIGHT);
    Files.writeString(directory.resolve("b.parquet"), "not Parquet at all, whatever its name");

    ChipReading reading = read();

    assertThat(reading.chips().size()).isEqualTo(1);
    assertThat(reading.report().faults()).singleElement().extracting("key").isEqualTo("b.parquet");
  }

  @Test
  void vectorsOfDifferentModelsAreRefused() throws Exception {
    ChipFiles.write(directory, new Grid("a", "2020-01-01", 10, 0.1, 0.1, 1), BRIGHT);
    ChipFiles.write(directory, new Grid("b", "2020-01-01", 10, 0.1, 0.1, 1), "sha256:other", DARK);

    assertThatThrownBy(this::read)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("model");
  }

  @Test
  void theMapHasTheFormulaOfWebMaps() {
    assertThat(Mercator.x(-180)).isZero();
    assertThat(Mercator.x(180)).isEqualTo(1);
    assertThat(Mercator.y(0)).isEqualTo(0.5);
    assertThat(Mercator.y(85.0511287798066)).isCloseTo(0, within(1e-12));
    // EPSG:3857 of 52.5° north is 6,891,041.72 m of 20,037,508.34 m.
    assertThat(Mercator.y(52.5)).isCloseTo(0.5 - 6891041.72 / 20037508.34 / 2, within(1e-9));
    assertThat(Mercator.y(90)).isZero();
    assertThat(Mercator.y(-90)).isEqualTo(1);
    assertThat(Mercator.lat(Mercator.y(-33.3))).isCloseTo(-33.3, within(1e-9));
    assertThat(Mercator.lon(Mercator.x(151.2))).isCloseTo(151.2, within(1e-9));
  }
}
