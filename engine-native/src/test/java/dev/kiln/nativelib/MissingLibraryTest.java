package dev.kiln.nativelib;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.gdal.Gdal;
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

/** A machine without the libraries that Kiln was built for, simulated in a process of its own. */
@Timeout(60)
class MissingLibraryTest {
  @TempDir Path directory;
  private Path classes;

  @BeforeEach
  void copyTheModule() throws Exception {
    classes = Files.createDirectory(directory.resolve("classes"));
    copy(origin(Gdal.class), classes);
  }

  private Path library(String name) {
    return classes.resolve(name.formatted(Loader.getPlatform()));
  }

  private static void require(Path library, String name, String other) throws IOException {
    String bytes = Files.readString(library, ISO_8859_1);
    Files.writeString(library, bytes.replaceFirst(name, other), ISO_8859_1);
  }

  @Test
  void namesThePackageOnOneLineEachTime() throws Exception {
    require(library("dev/kiln/gdal/%s/libjnigdal.so"), "libgdal\\.so\\.\\d\\d", "libgdal.so.99");
    require(
        library("dev/kiln/nativelib/%s/libkiln.so"), "libdeflate\\.so\\.\\d", "libdeflate.so.9");

    List<String> lines = loadTwice();
    assertThat(lines).hasSize(4);
    assertThat(lines.subList(0, 2))
        .allMatch(line -> line.startsWith("GDAL: cannot load the native library ("))
        .allMatch(line -> line.contains("libgdal.so.99: cannot open"))
        .allMatch(line -> line.endsWith("): apt-get install libgdal99, or rebuild Kiln here"));
    assertThat(lines.subList(2, 4))
        .allMatch(line -> line.startsWith("Kiln's native code: cannot load the native library ("))
        .allMatch(line -> line.endsWith("): apt-get install libdeflate9, or rebuild Kiln here"));
  }

  @Test
  void saysSoWhenTheJarHasNoLibraryForThisMachine() throws Exception {
    Files.delete(library("dev/kiln/gdal/%s/libjnigdal.so"));
    Files.delete(library("dev/kiln/nativelib/%s/libkiln.so"));

    assertThat(loadTwice())
        .hasSize(4)
        .allMatch(line -> line.contains(": cannot load the native library ("))
        .allMatch(line -> line.endsWith("): rebuild Kiln on this machine"));
  }

  /** Returns what {@link Twice} prints with the copied classes instead of the module's own. */
  private List<String> loadTwice() throws Exception {
    Path output = directory.resolve("output");
    String classPath = classes + ":" + origin(Loader.class) + ":" + origin(Twice.class);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Twice.class.getName())
            .redirectOutput(output.toFile())
            .redirectError(directory.resolve("errors").toFile())
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

  /** Loads each library twice and prints the errors. */
  static final class Twice {
    public static void main(String[] arguments) {
      for (Runnable load : List.<Runnable>of(Gdal::load, NativeLibrary.KILN::load)) {
        for (int i = 0; i < 2; i++) {
          try {
            load.run();
            System.out.println("loaded");
          } catch (IllegalStateException failure) {
            System.out.println(failure.getMessage());
          }
        }
      }
    }
  }
}
