package dev.kiln.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CogWriterTest {
  private static final Window GRID = new Window(500_000, 5_000_000, 10, 50, 40);
  private static final CogWriter.Layout LAYOUT =
      new CogWriter.Layout(1, PixelType.UINT16, 512, true, false, OptionalInt.of(0));

  @TempDir Path directory;

  @Test
  void keepsEveryPixelOfEveryStrip() throws IOException {
    Path file = directory.resolve("deep/a.tif");
    try (HostBuffer strip = HostBuffer.allocate("test", 8 + 2 * 50 * 16);
        CogWriter cog = new CogWriter(file, GRID, 32631, LAYOUT)) {
      for (int row = 0; row < 40; row += 16) {
        int rows = Math.min(16, 40 - row);
        for (int i = 0; i < rows * 50; i++) {
          strip.slice(8, 2 * 50 * 16).putShort(2 * i, (short) (row * 50 + i));
        }
        cog.write(row, rows, strip, 8);
      }
      cog.finish();
    }
    try (OpenCog cog = new OpenCog(file)) {
      float[] pixels = cog.pixels(1);
      for (int i = 0; i < pixels.length; i++) {
        assertThat(pixels[i]).isEqualTo(i);
      }
    }
    assertThat(file.getParent()).isDirectoryNotContaining("glob:**.raw");
  }

  @Test
  void closesTwiceAndRejectsUseAfterwards() throws IOException {
    CogWriter cog = new CogWriter(directory.resolve("a.tif"), GRID, 32631, LAYOUT);
    cog.close();
    cog.close();

    try (HostBuffer strip = HostBuffer.allocate("test", 100)) {
      assertThatThrownBy(() -> cog.write(0, 1, strip, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("used after close");
    }
    assertThatThrownBy(cog::finish).isInstanceOf(IllegalStateException.class);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void namesTheFileThatCannotBeWritten() throws IOException {
    Path file = directory.resolve("a.tif");
    Files.createDirectories(directory.resolve("a.tif.raw/in the way"));

    assertThatThrownBy(() -> new CogWriter(file, GRID, 32631, LAYOUT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.tif.raw: cannot write: ");
  }

  @Test
  void anUnknownCrsLeavesNoFile() {
    assertThatThrownBy(() -> new CogWriter(directory.resolve("a.tif"), GRID, 999_999, LAYOUT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("EPSG:999999");
    assertThat(directory).isEmptyDirectory();
  }
}
