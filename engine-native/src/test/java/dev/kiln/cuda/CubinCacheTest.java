package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CubinCacheTest {
  private static final byte[] CODE = {1, 2, 3, 4, 5};

  @TempDir Path folder;
  private int compiled;

  private byte[] compile(String name, String source, String architecture, List<String> options) {
    compiled++;
    return CODE;
  }

  private byte[] get(String source, String architecture, String... options) {
    return new CubinCache(folder.resolve("kernels"))
        .get("patches", source, architecture, List.of(options), this::compile);
  }

  @Test
  void compilesOnceForEachSourceArchitectureAndOptions() {
    assertThat(get("a", "sm_90")).isEqualTo(CODE);
    assertThat(get("a", "sm_90")).isEqualTo(CODE);
    assertThat(compiled).isEqualTo(1);
    get("b", "sm_90");
    get("a", "sm_80");
    get("a", "sm_90", "-DX");
    get("a", "sm_90", "-DX", "-DY");
    assertThat(compiled).isEqualTo(5);
  }

  @Test
  void makesADamagedFileAgain() throws IOException {
    get("a", "sm_90");
    Path file;
    try (Stream<Path> files = Files.list(folder.resolve("kernels"))) {
      file = files.toList().get(0);
    }
    assertThat(file.getFileName().toString()).startsWith("patches-sm_90-").endsWith(".cubin");
    byte[] whole = Files.readAllBytes(file);
    for (byte[] damaged :
        new byte[][] {{}, {1, 2, 3}, java.util.Arrays.copyOf(whole, whole.length - 1)}) {
      Files.write(file, damaged);
      compiled = 0;

      assertThat(get("a", "sm_90")).isEqualTo(CODE);

      assertThat(compiled).isEqualTo(1);
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    }
  }

  @Test
  void worksWithoutAPlaceForFiles() throws IOException {
    Files.writeString(folder.resolve("kernels"), "a file where the folder should be");

    assertThat(
            new CubinCache(folder.resolve("kernels").resolve("below"))
                .get("patches", "a", "sm_90", List.of(), this::compile))
        .isEqualTo(CODE);
  }
}
