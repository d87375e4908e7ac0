package dev.kiln.gdal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine without the libgdal that the binding was built for, played by a process of its own. */
@Timeout(60)
class MissingGdalTest {
  private static final String BINDING = "dev/kiln/gdal/" + Loader.getPlatform() + "/libjnigdal.so";

  @TempDir Path folder;
  private Path classes;

  @BeforeEach
  void copyTheModule() throws Exception {
    classes = Files.createDirectory(folder.resolve("classes"));
    copy(origin(Gdal.class), classes);
  }

  @Test
  void namesThePackageOnOneLineEachTime() throws Exception {
    Path binding = classes.resolve(BINDING);
    String bytes = Files.readString(binding, ISO_8859_1);
    Files.writeString(
        binding, bytes.replaceFirst("libgdal\\.so\\.\\d\\d", "libgdal.so.99"), ISO_8859_1);

    String line =
        "GDAL: libgdal.so.99, which this Kiln was built for, is not installed: apt-get install"
            + " libgdal99, or rebuild Kiln here (apt-get install libgdal-dev)";
    assertThat(loadTwice()).containsExactly(line, line);
  }

  @Test
  void saysSoWhenTheJarHasNoLibraryForThisMachine() throws Exception {
    Files.delete(classes.resolve(BINDING));

    assertThat(loadTwice())
        .hasSize(2)
        .allMatch(line -> line.startsWith("GDAL: the native library does not load (Could not"))
        .allMatch(line -> line.endsWith("): apt-get install libgdal-dev and rebuild Kiln here"));
  }

  /** What {@link Twice} prints with the copied classes in place of the module's own. */
  private List<String> loadTwice() throws Exception {
    Path output = folder.resolve("output");
    String classPath = classes + ":" + origin(Loader.class) + ":" + origin(Twice.class);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Twice.class.getName())
            .redirectOutput(output.toFile())
            .redirectError(folder.resolve("errors").toFile())
            .start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    return Files.readAllLines(output);
  }

  private static Path origin(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        Path target = to.resolve(from.relativize(path));
        Files.createDirectories(target.getParent());
        Files.copy(path, target);
      }
    }
  }

  /** Loads GDAL twice and prints what it was told. */
  static final class Twice {
    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        try {
          System.out.println(Gdal.load());
        } catch (IllegalStateException failure) {
          System.out.println(failure.getMessage());
        }
      }
    }
  }
}
