package dev.kiln.gdal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.patch.NativePatchify;
import dev.kiln.tiles.TiledTiff;
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

/** The libraries that go into the jar: made for this machine, complete, and at home anywhere. */
class NativeLibraryTest {
  private static final Map<String, Integer> MACHINES =
      Map.of("linux-x86_64", ElfLibrary.X86_64, "linux-arm64", ElfLibrary.AARCH64);
  private static final Set<String> SYSTEM =
      Set.of("libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6");

  private final Class<?> functions = uninitialised("dev.kiln.gdal.global.gdal");
  private final byte[] binding = resource("/dev/kiln/gdal/%s/libjnigdal.so");
  private final byte[] decoder = resource("/dev/kiln/decode/%s/libjnitiles.so");
  private final byte[] core = resource("/org/bytedeco/javacpp/%s/libjnijavacpp.so");

  @Test
  void bindingFitsAndNeedsOnlyGdal() {
    ElfLibrary library = ElfLibrary.read(binding);

    assertThat(faults(library, functions)).isEmpty();
    assertThat(library.needed()).filteredOn(name -> name.startsWith("libgdal.so.")).hasSize(1);
  }

  @Test
  void decoderFitsAndNeedsOnlyItsCodecs() {
    ElfLibrary library = ElfLibrary.read(decoder);

    assertThat(faults(library, TiledTiff.class)).isEmpty();
    assertThat(library.needed())
        .filteredOn(name -> !SYSTEM.contains(name))
        .allMatch(name -> name.matches("lib(deflate|zstd)\\.so\\.\\d+"))
        .hasSize(2);
  }

  @Test
  void patchStepFitsAndNeedsNothing() {
    ElfLibrary library = ElfLibrary.read(resource("/dev/kiln/patch/%s/libjnipatches.so"));

    assertThat(faults(library, NativePatchify.class)).isEmpty();
    assertThat(library.needed()).isSubsetOf(SYSTEM);
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
  void findsAFolderOfTheBuild() {
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
    for (String folder : library.runPaths()) {
      faults.add("looks for libraries in " + folder);
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
