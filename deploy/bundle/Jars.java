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
 * Unpacks jars for a bundle: classes to {@code java/}, native libraries for x86-64 with glibc to
 * {@code native/} under their names in the jars, licences to {@code legal/}. So Kiln extracts
 * nothing when it starts, and the bundle has no files for other platforms.
 *
 * <pre>java Jars.java OUT JAR…</pre>
 */
final class Jars {
  private static final Pattern NATIVE =
      Pattern.compile(".*\\.(so|so\\.[0-9.]+|a|dll|lib|pdb|dylib|jnilib)|.*\\.dSYM/.*");

  /** Libraries of this platform in JavaCPP, ONNX Runtime, zstd, Snappy and JLine, Netty. */
  private static final Pattern OURS =
      Pattern.compile(
          ".*/(linux-x86_64|linux-x64|Linux/x86_64)/[^/]+|linux/amd64/[^/]+"
              + "|META-INF/native/lib[^/]*_linux_x86_64\\.so");

  /** CUDA libraries that Kiln does not call, and TensorRT plugins. */
  private static final Pattern UNUSED =
      Pattern.compile(
          "org/bytedeco/cuda/linux-x86_64/(?!lib(jni)?(cudart|nvrtc|nvrtc-builtins|nvml|cublas|cudnn)[.]).*"
              + "|org/bytedeco/tensorrt/.*plugin.*");

  /** Headers, and configuration of GraalVM native images. */
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
      jars.unpack(Path.of(jar));
    }
  }

  private void unpack(Path jar) throws IOException {
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

  /** Copies a native library or a licence; ignores other entries. */
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
        throw new IOException(jar + ": entry " + name + " is outside the target directory");
      }
    } else {
      return;
    }
    Files.createDirectories(target.getParent());
    try (InputStream bytes = zip.getInputStream(entry)) {
      // A licence can be both at the top of a jar and in META-INF.
      Files.copy(bytes, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
