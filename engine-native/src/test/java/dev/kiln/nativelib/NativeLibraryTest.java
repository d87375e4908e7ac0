package dev.kiln.nativelib;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.NativeObject;
import dev.kiln.patch.NativePatchify;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.trace.Nvtx;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The libraries in the jar: built for this architecture, complete, and independent of where they
 * were built.
 */
class NativeLibraryTest {
  private static final Map<String, Integer> MACHINES =
      Map.of("linux-x86_64", ElfLibrary.X86_64, "linux-arm64", ElfLibrary.AARCH64);
  private static final Set<String> SYSTEM =
      // The last is glibc's loader, which thread-local memory needs.
      Set.of("libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2");

  private final Class<?> functions = uninitialised("dev.kiln.gdal.global.gdal");
  private final byte[] binding = resource("/dev/kiln/gdal/%s/libjnigdal.so");
  private final byte[] kiln = resource("/dev/kiln/nativelib/%s/libkiln.so");
  private final byte[] core = resource("/org/bytedeco/javacpp/%s/libjnijavacpp.so");

  @Test
  void bindingFitsAndNeedsOnlyGdal() {
    ElfLibrary library = ElfLibrary.read(binding);

    assertThat(faults(library, functions)).isEmpty();
    assertThat(library.needed()).filteredOn(name -> name.startsWith("libgdal.so.")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        NativeObject.class,
        NativePatchify.class,
        Nvtx.class,
        OpenMp.class,
        TiledTiff.class
      })
  void kilnFitsAndNeedsOnlyTheCodecs(Class<?> bound) {
    ElfLibrary library = ElfLibrary.read(kiln);

    assertThat(faults(library, bound)).isEmpty();
    assertThat(library.needed())
        .filteredOn(name -> !SYSTEM.contains(name))
        .allMatch(name -> name.matches("lib(deflate|zstd)\\.so\\.\\d+"))
        .hasSize(2);
  }

  @Test
  void kilnExportsNothingElse() {
    // The standard library marks its own templates as visible.
    assertThat(ElfLibrary.read(kiln).exports())
        .filteredOn(name -> !name.startsWith("_ZNSt"))
        .allMatch(name -> name.startsWith("Java_dev_kiln_"));
  }

  @Test
  void coreFitsAndNeedsNoGdal() {
    ElfLibrary library = ElfLibrary.read(core);

    assertThat(faults(library, Pointer.class)).isEmpty();
    assertThat(library.needed()).isSubsetOf(SYSTEM);
  }

  @Test
  void findsAnotherArchitecture() {
    byte[] foreign = binding.clone();
    foreign[18] = (byte) (foreign[18] == ElfLibrary.X86_64 ? ElfLibrary.AARCH64 : 3);

    assertThat(faults(ElfLibrary.read(foreign), functions))
        .singleElement()
        .asString()
        .startsWith("machine ");
  }

  @Test
  void findsAnUnboundFunction() {
    assertThat(faults(ElfLibrary.read(core), functions))
        .contains("no symbol Java_dev_kiln_gdal_global_gdal_GDALOpenEx")
        .contains("no symbol Java_dev_kiln_gdal_global_gdal_GDALRegister_1GTiff");
  }

  @Test
  void findsAnUnexpectedDependency() {
    String text = new String(binding, StandardCharsets.ISO_8859_1);
    byte[] foreign =
        text.replace("libgcc_s.so.1", "libmine_.so.1").getBytes(StandardCharsets.ISO_8859_1);

    assertThat(faults(ElfLibrary.read(foreign), functions)).containsExactly("needs libmine_.so.1");
  }

  @Test
  void findsADirectoryOfTheBuild() {
    ElfLibrary library = ElfLibrary.read(binding);
    ElfLibrary bound =
        new ElfLibrary(
            library.machine(), library.needed(), List.of("/build/lib"), library.exports());

    assertThat(faults(bound, functions)).containsExactly("looks for libraries in /build/lib");
  }

  private static List<String> faults(ElfLibrary library, Class<?> bound) {
    List<String> faults = new ArrayList<>();
    Integer machine = MACHINES.get(Loader.getPlatform());
    if (machine == null || library.machine() != machine) {
      faults.add("machine " + library.machine() + " for " + Loader.getPlatform());
    }
    for (String name : library.needed()) {
      if (!SYSTEM.contains(name) && !name.matches("lib(gdal|deflate|zstd)\\.so\\.\\d+")) {
        faults.add("needs " + name);
      }
    }
    for (String directory : library.runPaths()) {
      faults.add("looks for libraries in " + directory);
    }
    for (Method method : bound.getDeclaredMethods()) {
      if (Modifier.isNative(method.getModifiers()) && !exported(library, symbol(method))) {
        faults.add("no symbol " + symbol(method));
      }
    }
    return faults;
  }

  /** The JNI name of a method; overloaded ones carry their signature after two underscores. */
  private static String symbol(Method method) {
    String type = method.getDeclaringClass().getName().replace('.', '_');
    return "Java_" + type + "_" + method.getName().replace("_", "_1");
  }

  private static boolean exported(ElfLibrary library, String symbol) {
    return library.exports().contains(symbol)
        || library.exports().stream().anyMatch(name -> name.startsWith(symbol + "__"));
  }

  private static Class<?> uninitialised(String name) {
    try {
      return Class.forName(name, false, NativeLibraryTest.class.getClassLoader());
    } catch (ClassNotFoundException missing) {
      throw new AssertionError(missing);
    }
  }

  private static byte[] resource(String path) {
    String name = path.formatted(Loader.getPlatform());
    try (InputStream stream = NativeLibraryTest.class.getResourceAsStream(name)) {
      assertThat(stream).as(name).isNotNull();
      return stream.readAllBytes();
    } catch (IOException error) {
      throw new AssertionError(name, error);
    }
  }
}
