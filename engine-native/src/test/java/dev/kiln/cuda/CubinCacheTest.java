package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CubinCacheTest {
  private static final byte[] CODE = {1, 2, 3, 4, 5};

  @TempDir Path directory;
  private final Path kernels = Path.of("kernels");
  private int compiled;
  private Optional<String> version = Optional.of("13.3");

  private final CubinCache.Compiler compiler =
      new CubinCache.Compiler() {
        @Override
        public Optional<String> version() {
          return version;
        }

        @Override
        public byte[] compile(
            String name, String source, String architecture, List<String> options) {
          if (version.isEmpty()) {
            throw new IllegalStateException("no compiler");
          }
          compiled++;
          byte[] code = CODE.clone();
          code[4] = (byte) compiled;
          return code;
        }
      };

  private CubinCache cache() {
    return new CubinCache(directory.resolve(kernels), Optional.empty(), compiler);
  }

  private byte[] get(String source, String architecture, String... options) {
    return cache().get("patches", source, architecture, List.of(options));
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve(kernels))) {
      return files.toList().get(0);
    }
  }

  @Test
  void compilesOncePerSourceArchitectureAndOptions() {
    byte[] code = get("a", "sm_90");
    assertThat(get("a", "sm_90")).isEqualTo(code);
    assertThat(compiled).isEqualTo(1);
    get("b", "sm_90");
    get("a", "sm_80");
    get("a", "sm_90", "-DX");
    get("a", "sm_90", "-DX", "-DY");
    assertThat(compiled).isEqualTo(5);
  }

  @Test
  void compilesAgainForAnotherCompilerVersion() {
    byte[] first = get("a", "sm_90");
    version = Optional.of("13.10");
    byte[] second = get("a", "sm_90");
    assertThat(compiled).isEqualTo(2);
    assertThat(second).isNotEqualTo(first);
    version = Optional.of("13.3");
    assertThat(get("a", "sm_90")).isEqualTo(first);
    assertThat(compiled).isEqualTo(2);
  }

  @Test
  void withoutACompilerTheNewestCachedCodeIsUsed() {
    get("a", "sm_90");
    version = Optional.of("13.10");
    byte[] newest = get("a", "sm_90");
    version = Optional.empty();

    assertThat(get("a", "sm_90")).isEqualTo(newest);
    assertThat(cache().contains("patches", "a", "sm_90", List.of())).isTrue();
    assertThat(cache().contains("patches", "a", "sm_80", List.of())).isFalse();
    assertThatThrownBy(() -> get("a", "sm_80"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no compiler");
  }

  @Test
  void shippedCodeIsUsedWhateverCompilerMadeIt() {
    byte[] shipped = get("a", "sm_90");
    version = Optional.of("13.0");
    CubinCache elsewhere =
        new CubinCache(
            directory.resolve("other"), Optional.of(directory.resolve(kernels)), compiler);

    assertThat(elsewhere.get("patches", "a", "sm_90", List.of())).isEqualTo(shipped);
    assertThat(compiled).isEqualTo(1);
    elsewhere.get("patches", "b", "sm_90", List.of());
    assertThat(compiled).isEqualTo(2);
    assertThat(directory.resolve("other")).isNotEmptyDirectory();
  }

  @Test
  void compilesAgainWhenAFileIsDamaged() throws IOException {
    get("a", "sm_90");
    Path file = onlyFile();
    assertThat(file.getFileName().toString()).startsWith("patches-sm_90-").endsWith("-13.3.cubin");
    byte[] whole = Files.readAllBytes(file);
    for (byte[] damaged : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(whole, whole.length - 1)}) {
      Files.write(file, damaged);
      compiled = 0;

      assertThat(get("a", "sm_90")).startsWith(1, 2, 3, 4);

      assertThat(compiled).isEqualTo(1);
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    }
  }

  @Test
  void filesOfOtherNamesAreIgnored() throws IOException {
    get("a", "sm_90");
    Path file = onlyFile();
    Files.copy(file, file.resolveSibling(file.getFileName().toString().replace("13.3", "new")));
    version = Optional.empty();

    assertThat(get("a", "sm_90")).hasSize(CODE.length);
  }

  @Test
  void worksWithoutAWritableDirectory() throws IOException {
    Files.writeString(directory.resolve(kernels), "a file where the directory should be");
    CubinCache cache =
        new CubinCache(directory.resolve(kernels).resolve("below"), Optional.empty(), compiler);

    assertThat(cache.get("patches", "a", "sm_90", List.of())).hasSize(CODE.length);
    assertThat(cache.contains("patches", "a", "sm_90", List.of())).isFalse();
  }
}
