package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks the Dockerfile, and the script that splits a bundle into layers. */
@Timeout(60)
class ImageTest {
  private static final Path ROOT = Path.of("..");
  private static final Path LAYERS = Path.of("../deploy/image/layers").toAbsolutePath();

  @TempDir Path directory;

  /** Returns the instructions of each stage, with continued lines joined. */
  private static List<List<String>> stages() throws IOException {
    String text = Files.readString(ROOT.resolve("Dockerfile")).replaceAll("\\s*\\\\\n\\s*", " ");
    List<List<String>> stages = new ArrayList<>();
    stages.add(new ArrayList<>());
    for (String line : text.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).toList()) {
      if (line.startsWith("FROM ")) {
        stages.add(new ArrayList<>());
      }
      stages.get(stages.size() - 1).add(line);
    }
    return stages;
  }

  @Test
  void finalStageHasNoBuildToolsAndIsNotRoot() throws IOException {
    List<List<String>> stages = stages();
    assertThat(stages).hasSize(3);
    assertThat(stages.get(1).get(0)).isEqualTo("FROM ${BUILD} AS build");
    List<String> runs = stages.get(2);
    assertThat(runs.get(0)).isEqualTo("FROM ${RUNTIME}");
    assertThat(runs).noneMatch(line -> line.contains("apt-get"));
    assertThat(runs).contains("USER kiln", "ENTRYPOINT [\"kiln\"]");
    assertThat(runs.indexOf("USER kiln")).isLessThan(runs.indexOf("ENTRYPOINT [\"kiln\"]"));
    // A health check would start a JVM within the memory limit of the job.
    assertThat(runs).contains("HEALTHCHECK NONE");
    assertThat(runs)
        .anyMatch(
            line ->
                line.startsWith("LABEL ")
                    && line.contains("org.opencontainers.image.revision=")
                    && line.contains("org.opencontainers.image.licenses=\"Apache-2.0\""));
    assertThat(runs.stream().filter(line -> line.startsWith("COPY ")))
        .containsExactly(
            "COPY --from=build /layers/1-gpu /",
            "COPY --from=build /layers/2-java /",
            "COPY --from=build /layers/3-libraries /",
            "COPY --from=build /layers/4-kiln /");
    // No base image has a moving tag.
    assertThat(stages.get(0)).noneMatch(line -> line.contains("latest"));
    assertThat(stages.get(0)).allMatch(line -> line.matches("ARG (BUILD|RUNTIME)=\\S+:\\S+"));
  }

  @Test
  void buildStageInstallsThePackagesOfTheLauncher() throws IOException {
    String launcher = Files.readString(ROOT.resolve("kiln"));
    String wanted =
        launcher.substring(
            launcher.indexOf("missing_to_build() {"), launcher.indexOf("missing_to_check() {"));
    Set<String> packages = new TreeSet<>();
    Matcher named = Pattern.compile("echo '(\\S+) \\(").matcher(wanted);
    while (named.find()) {
      packages.add(named.group(1));
    }
    assertThat(packages).contains("maven", "libgdal-dev");
    String install =
        stages().get(1).stream()
            .filter(l -> l.contains("apt-get install"))
            .findFirst()
            .orElseThrow();
    assertThat(Arrays.asList(install.split("\\s+")))
        .containsAll(packages)
        .contains("default-jdk-headless", "rm");
  }

  @Test
  void dockerContextHasEverythingTheBuildReads() throws IOException {
    List<String> ignored =
        Files.readAllLines(ROOT.resolve(".dockerignore")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    assertThat(ignored).contains(".git", ".kiln", "**/target");
    assertThat(ignored)
        .doesNotContain("deploy", "kiln", "pom.xml", "cmake", "LICENSE")
        .doesNotContain("engine-java", "engine-native", "model-export");
    // Maven reads the POM of every module.
    Matcher module =
        Pattern.compile("<module>(.*?)</module>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    while (module.find()) {
      String name = module.group(1);
      assertThat(ignored).doesNotContain(name);
      if (ignored.contains(name + "/*")) {
        assertThat(ignored.subList(ignored.indexOf(name + "/*"), ignored.size()))
            .contains("!" + name + "/pom.xml");
      }
    }
  }

  private static Map<String, String> files(Path root) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(path).toString(), Files.readString(path));
      }
    }
    return files;
  }

  private static boolean installed(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  @Test
  void debianPackageHasTheBundleAndALink() throws Exception {
    Assumptions.assumeTrue(installed("dpkg-deb"), "dpkg-deb is not installed");
    Path bundle = directory.resolve("kiln-0.2.0-SNAPSHOT-linux-x86_64-cpu");
    for (String file : List.of("bin/kiln", "lib/java/a.jar")) {
      Files.createDirectories(bundle.resolve(file).getParent());
      Files.writeString(bundle.resolve(file), file);
    }
    Files.writeString(
        bundle.resolve("bin/kiln"),
        "#!/bin/sh\nmkdir -p \"$3\" && echo \"$1 $2\" >\"$3/kiln-embed.1\"\n");
    assertThat(bundle.resolve("bin/kiln").toFile().setExecutable(true)).isTrue();
    Files.writeString(bundle.resolve("lib/glibc-version"), "2.36\n");
    Files.writeString(bundle.resolve("MANIFEST"), "kiln 0.2.0-SNAPSHOT\njava 17\n");
    Files.writeString(bundle.resolve("LICENSE"), "Apache-2.0\n");
    Files.writeString(bundle.resolve("sbom.cdx.json"), "{}");
    Path dist = directory.resolve("dist");
    run("../deploy/bundle/deb", bundle.toString(), dist.toString());
    Path deb = dist.resolve("kiln-cpu_0.2.0~snapshot_amd64.deb");
    assertThat(deb).exists();
    assertThat(dist.resolve("kiln-cpu_0.2.0~snapshot_amd64.cdx.json")).hasContent("{}");
    assertThat(run("dpkg-deb", "--field", deb.toString(), "Depends", "Version"))
        .contains("Depends: libc6 (>= 2.36)", "Version: 0.2.0~snapshot");
    assertThat(run("dpkg-deb", "--contents", deb.toString()))
        .contains(
            "./usr/bin/kiln -> /opt/kiln/bin/kiln",
            "./opt/kiln/lib/java/a.jar",
            "./opt/kiln/sbom.cdx.json",
            "./usr/share/man/man1/kiln-embed.1.gz",
            "root/root");
  }

  private String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private int layers(Path bundle, Path out) throws Exception {
    return new ProcessBuilder(LAYERS.toString(), bundle.toString(), out.toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("log").toFile())
        .start()
        .waitFor();
  }

  @Test
  void layersAreTheBundleAndKilnIsTheLast() throws Exception {
    Path bundle = directory.resolve("bundle");
    for (String file :
        List.of(
            "bin/kiln",
            "runtime/bin/java",
            "lib/system/libgdal.so.32",
            "lib/java/kiln-engine-java-0.1.0.jar",
            "lib/java/picocli-4.7.7.jar",
            "lib/java-options",
            "lib/glibc-version",
            "lib/native/org/bytedeco/cuda/linux-x86_64/libnvrtc.so",
            "lib/native/org/bytedeco/tensorrt/linux-x86_64/libnvinfer.so",
            "lib/native/org/bytedeco/dnnl/linux-x86_64/libdnnl.so",
            "lib/native/dev/kiln/gdal/linux-x86_64/libjnigdal.so",
            "share/proj/proj.db",
            "legal/system/a name with spaces",
            "MANIFEST",
            "LICENSE",
            "sbom.cdx.json")) {
      Files.createDirectories(bundle.resolve(file).getParent());
      Files.writeString(bundle.resolve(file), file);
    }
    assertThat(bundle.resolve("bin/kiln").toFile().setExecutable(true)).isTrue();
    Path out = directory.resolve("layers");
    assertThat(layers(bundle, out)).as(Files.readString(directory.resolve("log"))).isZero();

    Map<String, String> together = new TreeMap<>();
    for (String layer : List.of("1-gpu", "2-java", "3-libraries", "4-kiln")) {
      files(out.resolve(layer + "/opt/kiln"))
          .forEach((name, text) -> assertThat(together.put(name, text)).as(name).isNull());
    }
    assertThat(together).isEqualTo(files(bundle));
    assertThat(files(out.resolve("4-kiln/opt/kiln")).keySet())
        .containsExactlyInAnyOrder(
            "bin/kiln",
            "lib/java/kiln-engine-java-0.1.0.jar",
            "lib/java-options",
            "lib/native/dev/kiln/gdal/linux-x86_64/libjnigdal.so",
            "MANIFEST",
            "LICENSE",
            "sbom.cdx.json");
    assertThat(files(out.resolve("1-gpu/opt/kiln")).keySet())
        .allMatch(name -> name.matches(".*/(cuda|tensorrt)/.*"))
        .hasSize(2);
    assertThat(out.resolve("4-kiln/opt/kiln/bin/kiln")).isExecutable();

    // Without GPU libraries the first layer is empty, but there.
    assertThat(out.resolve("1-gpu")).isDirectory();
    // Rejects an existing target, and a source that is not a bundle.
    assertThat(layers(bundle, out)).isEqualTo(78);
    assertThat(layers(directory.resolve("none"), directory.resolve("other"))).isNotZero();
  }
}
