import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Lays out jars for a bundle: their classes go to {@code java/}, native libraries for x86-64 with
 * glibc to {@code native/} under the names that they have in the jars, licences to {@code legal/}.
 * So nothing has to be extracted when Kiln starts, and nothing is carried for other machines.
 *
 * <pre>java Jars.java OUT JAR…</pre>
 */
final class Jars {
  private static final Pattern NATIVE =
      Pattern.compile(".*\\.(so|so\\.[0-9.]+|a|dll|lib|pdb|dylib|jnilib)|.*\\.dSYM/.*");

  /** How libraries name this platform: JavaCPP, ONNX Runtime, zstd, Snappy and JLine, AWS. */
  private static final Pattern OURS =
      Pattern.compile(
          ".*/(linux-x86_64|linux-x64|Linux/x86_64)/[^/]+|linux/(amd64|x86_64/glibc)/[^/]+");

  /** Of CUDA only what Kiln calls, and of TensorRT not the plugins. */
  private static final Pattern UNUSED =
      Pattern.compile(
          ".*/cuda/linux-x86_64/(?!lib(jni)?(cudart|nvrtc|nvrtc-builtins|nvml|cublas|cudnn)[.]).*"
              + "|.*/tensorrt/.*plugin.*");

  /** Headers, and notes for a compiler that Kiln does not use. */
  private static final Pattern FOR_BUILDS =
      Pattern.compile(".*/linux-x86_64/(include|share|lib)/.*|META-INF/native-image/.*");

  private static final Pattern LICENCE =
      Pattern.compile("(META-INF/)?([^/]*(LICEN[CS]E|NOTICE|EULA)[^/]*)", Pattern.CASE_INSENSITIVE);

  private final Path out;

  private Jars(Path out) {
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException {
    Jars jars = new Jars(Path.of(arguments[0]));
    Files.createDirectories(jars.out.resolve("java"));
    for (String jar : List.of(arguments).subList(1, arguments.length)) {
      jars.layOut(Path.of(jar));
    }
  }

  private void layOut(Path jar) throws IOException {
    Path target = out.resolve("java").resolve(jar.getFileName());
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      if (entries(zip).stream().noneMatch(entry -> NATIVE.matcher(entry.getName()).matches())) {
        Files.copy(jar, target);
      } else if (entries(zip).stream().anyMatch(entry -> entry.getName().endsWith(".class"))) {
        copyWithoutNatives(zip, target);
      }
      for (ZipEntry entry : entries(zip)) {
        place(zip, entry, jar.getFileName().toString());
      }
    }
  }

  private static List<? extends ZipEntry> entries(ZipFile zip) {
    return zip.stream().filter(entry -> !entry.isDirectory()).toList();
  }

  private static void copyWithoutNatives(ZipFile zip, Path target) throws IOException {
    try (OutputStream file = Files.newOutputStream(target);
        ZipOutputStream copy = new ZipOutputStream(file)) {
      for (ZipEntry entry : entries(zip)) {
        String name = entry.getName();
        if (!NATIVE.matcher(name).matches() && !FOR_BUILDS.matcher(name).matches()) {
          ZipEntry same = new ZipEntry(name);
          same.setTimeLocal(entry.getTimeLocal());
          copy.putNextEntry(same);
          try (InputStream bytes = zip.getInputStream(entry)) {
            bytes.transferTo(copy);
          }
          copy.closeEntry();
        }
      }
    }
  }

  /** Puts a native library or a licence where it belongs; leaves everything else. */
  private void place(ZipFile zip, ZipEntry entry, String jar) throws IOException {
    String name = entry.getName();
    Path target;
    if (LICENCE.matcher(name).matches()) {
      String plain = name.substring(name.lastIndexOf('/') + 1);
      target = out.resolve("legal").resolve(jar.replaceFirst("\\.jar$", "")).resolve(plain);
    } else if (NATIVE.matcher(name).matches()
        && OURS.matcher(name).matches()
        && !UNUSED.matcher(name).matches()) {
      target = out.resolve("native").resolve(name).normalize();
      if (!target.startsWith(out)) {
        throw new IOException(jar + ": entry " + name + " leaves the folder");
      }
    } else {
      return;
    }
    Files.createDirectories(target.getParent());
    try (InputStream bytes = zip.getInputStream(entry)) {
      // Licences of one name lie both at the top of a jar and in META-INF.
      Files.copy(bytes, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
