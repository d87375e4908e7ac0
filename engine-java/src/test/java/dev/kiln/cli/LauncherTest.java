package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Drives the {@code kiln} script in a checkout of its own, where Maven, Java and apt-get are fakes.
 */
@Timeout(60)
class LauncherTest {
  private static final Path SCRIPT = Path.of("..", "kiln").toAbsolutePath().normalize();

  /** System tools that the script may call; nothing else is on its path. */
  private static final List<String> SYSTEM =
      List.of(
          "bash",
          "cat",
          "cmp",
          "cp",
          "dirname",
          "env",
          "find",
          "flock",
          "grep",
          "mkdir",
          "mv",
          "readlink",
          "rm",
          "sleep",
          "sort",
          "tail",
          "touch",
          "xargs");

  private record Ended(int code, String out, String err) {}

  @TempDir Path directory;
  private Path checkout;
  private Path bin;
  private final Map<String, String> environment = new TreeMap<>();

  @BeforeEach
  void makeCheckout() throws IOException {
    assumeTrue(Files.exists(Path.of("/usr/bin/flock")), "SKIPPED: the launcher runs on Linux only");
    checkout = Files.createDirectory(directory.resolve("check out"));
    Files.copy(SCRIPT, checkout.resolve("kiln"));
    write("pom.xml", "<project/>");
    for (String module : List.of("engine-native", "model-export", "engine-java")) {
      write(module + "/src/main/java/A.java", "class A {}");
    }
    for (String tool : List.of("bundle", "check")) {
      write("deploy/bundle/" + tool, "");
      fake(checkout.resolve("deploy/bundle/" + tool), "echo " + tool + " \"$@\"\n");
    }
    write("engine-native/kernel-resources", "");
    fake(checkout.resolve("engine-native/kernel-resources"), "");

    bin = Files.createDirectory(directory.resolve("bin"));
    for (String tool : SYSTEM) {
      Path usr = Path.of("/usr/bin", tool);
      fake(bin.resolve(tool), "exec " + (Files.exists(usr) ? usr : "/bin/" + tool) + " \"$@\"\n");
    }
    for (String tool :
        List.of(
            "cmake",
            "c++",
            "make",
            "gdal-config",
            "shellcheck",
            "codespell",
            "chromium",
            "chromedriver")) {
      fake(bin.resolve(tool), "");
    }
    fake(
        bin.resolve("mvn"),
        """
        echo "$*" >>"$LOG/maven"
        [[ ! -e "$LOG/break" ]] || { echo 'A.java: error'; exit 1; }
        [[ ! -e "$LOG/slow" ]] || sleep 1
        for argument; do
          case $argument in
            -Dkiln.lib=*)
              mkdir "${argument#*=}" && touch "${argument#*=}/kiln.jar"
              [[ $* != *-Dcyclonedx.skip=false* ]] || touch "${argument#*=}/bom.json" ;;
            verify)
              mkdir -p engine-java/target/surefire-reports
              [[ -e "$LOG/no-tests" ]] || touch engine-java/target/surefire-reports/TEST-A.xml ;;
          esac
        done
        """);
    useJava("17.0.1");
    environment.put("PATH", bin.toString());
    environment.put("LOG", directory.toString());
    environment.put("KILN_NO_INSTALL", "1");
  }

  private void useJava(String version) throws IOException {
    Path home = directory.resolve("jdk " + version);
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    fake(home.resolve("bin/java"), "printf '%s\\n' \"$@\"; exit \"${EXIT:-0}\"\n");
    fake(home.resolve("bin/javac"), "");
    fake(home.resolve("bin/jlink"), "");
    environment.put("JAVA_HOME", home.toString());
  }

  private static void fake(Path program, String script) throws IOException {
    Files.writeString(program, "#!/bin/bash\n" + script);
    assertThat(program.toFile().setExecutable(true)).isTrue();
  }

  private void write(String file, String text) throws IOException {
    Path path = checkout.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private Process start(Path script, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  private static Ended end(Process process) throws IOException, InterruptedException {
    // Both fit the pipe's buffer, so one may be read after the other.
    String out = new String(process.getInputStream().readAllBytes());
    String err = new String(process.getErrorStream().readAllBytes());
    return new Ended(process.waitFor(), out, err);
  }

  private Ended kiln(String... arguments) throws IOException, InterruptedException {
    return end(start(checkout.resolve("kiln"), arguments));
  }

  private List<String> logged(String tool) throws IOException {
    Path log = directory.resolve(tool);
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  @Test
  void addsNvidiasLibrariesWhereItsDriverIs() throws Exception {
    fake(bin.resolve("nvidia-smi"), "");

    Ended started = kiln("embed");

    assertThat(logged("maven")).hasSize(1).allSatisfy(line -> assertThat(line).contains("-Pgpu"));
    assertThat(started.out()).contains(".kiln/lib-gpu/*");
  }

  @Test
  void buildsOnFirstUseOnly() throws Exception {
    Ended first = kiln("--help");
    assertThat(first.err()).contains("building (first use");
    assertThat(first.code()).isZero();
    Ended second = kiln("--help");
    assertThat(second.err()).isEmpty();
    assertThat(second.out()).isEqualTo(first.out()).endsWith("dev.kiln.cli.Kiln\n--help\n");
    assertThat(logged("maven")).hasSize(1).first().asString().contains("package", "-am");
  }

  @Test
  void passesArgumentsOptionsAndExitCodeFromAnywhere() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("link"), checkout.resolve("kiln"));
    environment.putAll(Map.of("EXIT", "65", "JAVA_OPTS", "-Xmx1g", "KILN_JAVA_OPTS", "-ea -esa"));
    Ended ended = end(start(link, "embed", "two words", ""));
    assertThat(ended.code()).isEqualTo(65);
    assertThat(ended.out().lines())
        .containsSubsequence("-Xmx1g", "-ea", "-esa", checkout.resolve(".kiln/lib/*").toString())
        .endsWith("dev.kiln.cli.Kiln", "embed", "two words", "");
  }

  @Test
  void permitsNativeAccessOnNewerJava() throws Exception {
    assertThat(kiln().out()).doesNotContain("native-access");
    useJava("25");
    assertThat(kiln().out())
        .contains("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine-java/src/main/java/B.java", "pom.xml", "cmake/gdal.cmake"})
  void rebuildsWhenASourceIsAddedOrChanged(String file) throws Exception {
    kiln();
    write(file, "changed");
    assertThat(kiln().err()).contains("building (sources changed");
    assertThat(kiln().err()).isEmpty();
    assertThat(logged("maven")).hasSize(2);
  }

  @Test
  void rebuildsWhenASourceIsDeleted() throws Exception {
    kiln();
    Files.delete(checkout.resolve("model-export/src/main/java/A.java"));
    assertThat(kiln().err()).contains("building (sources changed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "engine-java/src/test/java/ATest.java",
        "engine-native/src/fuzz/a.cpp",
        "engine-java/target/x",
        "README"
      })
  void doesNotRebuildForFilesOutsideTheProgram(String file) throws Exception {
    kiln();
    write(file, "changed");
    kiln();
    assertThat(logged("maven")).hasSize(1);
  }

  @Test
  void showsTheEndOfTheLogWhenTheBuildFailsAndTriesAgain() throws Exception {
    Path broken = Files.createFile(directory.resolve("break"));
    Ended failed = kiln("--help");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("A.java: error", "build failed", "build.log");
    assertThat(failed.out()).isEmpty();
    Files.delete(broken);
    assertThat(kiln("--help").code()).isZero();
  }

  @Test
  void keepsTheLastBuildWhenARebuildFails() throws Exception {
    kiln();
    write("pom.xml", "changed");
    Files.createFile(directory.resolve("break"));
    assertThat(kiln().code()).isEqualTo(1);
    assertThat(checkout.resolve(".kiln/lib/kiln.jar")).exists();
    assertThat(kiln().code()).as("not taken for up to date").isEqualTo(1);
  }

  @Test
  void buildsOnceForLaunchesAtTheSameTime() throws Exception {
    Files.createFile(directory.resolve("slow"));
    List<Process> launches = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      launches.add(start(checkout.resolve("kiln")));
    }
    for (Process launch : launches) {
      assertThat(end(launch).code()).isZero();
    }
    assertThat(logged("maven")).hasSize(1);
  }

  @Test
  void printsMissingPackagesWhenItMustNotInstall() throws Exception {
    Files.delete(bin.resolve("cmake"));
    Files.delete(bin.resolve("gdal-config"));
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err())
        .contains("missing: cmake (", "missing: libgdal-dev (", "KILN_NO_INSTALL=1 is set")
        .contains("sudo apt-get install --no-install-recommends cmake libgdal-dev");
    assertThat(logged("maven")).isEmpty();
  }

  @Test
  void namesThePackageOfAMissingHeader() throws Exception {
    fake(bin.resolve("c++"), "[[ $* != *libdeflate.h* ]]\n");
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err())
        .contains("missing: libdeflate-dev (decompresses tiles)")
        .contains("sudo apt-get install --no-install-recommends libdeflate-dev\n")
        .doesNotContain("libzstd-dev");
  }

  @Test
  void printsPackagesWhereThereIsNoPackageManager() throws Exception {
    environment.remove("KILN_NO_INSTALL");
    Files.delete(bin.resolve("cmake"));
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err()).contains("missing: cmake (", "no apt-get on this machine");
  }

  /** The fake apt-get knows no package before {@code update}. */
  private void fakeAptGet(String whenInstalling) throws IOException {
    environment.remove("KILN_NO_INSTALL");
    fake(bin.resolve("sudo"), "[[ $1 == -n ]] || exec \"$@\"\n");
    fake(
        bin.resolve("apt-get"),
        """
        echo "$DEBIAN_FRONTEND $*" >>"$LOG/apt"
        case $* in
          *update) touch "$LOG/lists" ;;
          *install*) [[ -e "$LOG/lists" ]] || { echo 'E: Unable to locate package'; exit 100; }
        """
            + whenInstalling
            + " ;;\nesac\n");
  }

  @Test
  void installsWhatIsMissing() throws Exception {
    Files.delete(bin.resolve("cmake"));
    fakeAptGet("cp \"$LOG/bin/make\" \"$LOG/bin/cmake\"");
    Ended ended = kiln("--help");
    assertThat(ended.code()).isZero();
    assertThat(ended.err()).contains("missing: cmake (", "installing");
    String install =
        "noninteractive -y -o DPkg::Lock::Timeout=300 install --no-install-recommends cmake";
    assertThat(logged("apt"))
        .containsExactly(install, "noninteractive -y -o DPkg::Lock::Timeout=300 update", install);
  }

  @Test
  void printsTheOutputOfAptGetWhenItFails() throws Exception {
    Files.delete(bin.resolve("cmake"));
    fakeAptGet("echo 'E: no network'; exit 100");
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err())
        .contains("E: no network", "apt-get failed; install them", "sudo apt-get install");
  }

  @Test
  void reportsAPackageThatDidNotInstallTheTool() throws Exception {
    Files.delete(bin.resolve("cmake"));
    fakeAptGet("true");
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err()).contains("installed, but still not found: cmake");
  }

  @Test
  void reportsAnUnwritableCheckout() throws Exception {
    // Unlike a directory without permission, this stops root too.
    write(".kiln", "a file");
    Ended ended = kiln("--help");
    assertThat(ended.code()).isEqualTo(78);
    assertThat(ended.err()).contains("cannot write to", "writable");
  }

  @Test
  void checksScriptsFormatAndTests() throws Exception {
    Ended ended = kiln("test", "-Dtest=X");
    assertThat(ended.code()).isZero();
    assertThat(ended.err()).contains("all checks passed");
    assertThat(logged("maven"))
        .containsExactly(
            "-B -ntp -q spotless:check",
            "-B -ntp verify -Pnvrtc -Dsurefire.failIfNoSpecifiedTests=false -Dtest=X");
  }

  @Test
  void failsIfNoTestMatches() throws Exception {
    write("engine-java/target/surefire-reports/TEST-Earlier.xml", "");
    Files.createFile(directory.resolve("no-tests"));
    Ended ended = kiln("test", "-Dtest=Typo");
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err())
        .contains("FAILED: no test matches -Dtest=Typo")
        .doesNotContain("all checks passed");
  }

  @Test
  void checksTheSpelling() throws Exception {
    fake(bin.resolve("codespell"), "echo 'A.java:1: teh ==> the'; exit 65\n");
    Ended ended = kiln("test");
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err()).contains("FAILED: spelling");
  }

  @Test
  void checksAndFixesTheFormatOfCpp() throws Exception {
    write(".clang-format", "BasedOnStyle: Google");
    write("engine-native/src/main/cpp/a.cpp", "");
    fake(bin.resolve("clang-format-14"), "echo \"$*\" >>\"$LOG/clang\"; [[ $* != *dry-run* ]]\n");
    Ended ended = kiln("test");
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err()).contains("FAILED: C++ format; fix it with ./kiln format");
    assertThat(kiln("format").code()).isZero();
    assertThat(logged("clang"))
        .containsExactly(
            "--style=file --dry-run --Werror engine-native/src/main/cpp/a.cpp",
            "--style=file -i engine-native/src/main/cpp/a.cpp");
  }

  @Test
  void namesEveryCheckThatFails() throws Exception {
    Files.createFile(directory.resolve("break"));
    Ended ended = kiln("test");
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err())
        .contains("FAILED: Java format; fix it with ./kiln format", "FAILED: build or tests")
        .doesNotContain("all checks passed");
    assertThat(logged("maven")).hasSize(2);
  }

  @Test
  void checksTheRegistersOfCudaKernels() throws Exception {
    Path resources = checkout.resolve("engine-native/kernel-resources");
    fake(resources, "echo 'kiln_norm: 96 registers'; [[ $* != --check ]]\n");
    Ended failed = kiln("test");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("FAILED: registers of CUDA kernels: kiln_norm: 96");

    fake(resources, "echo 'no nvcc'; exit 75\n");
    Ended skipped = kiln("test");
    assertThat(skipped.code()).isZero();
    assertThat(skipped.err()).contains("registers of CUDA kernels SKIPPED: no nvcc");
  }

  @Test
  void checksTheBundleWithAllTests() throws Exception {
    Ended ended = kiln("test");
    assertThat(ended.code()).isZero();
    assertThat(ended.out())
        .contains("check --jars " + checkout.resolve("engine-java/target/kiln/lib"));
  }

  @Test
  void bundlesNvidiasLibraries() throws Exception {
    Ended ended = kiln("bundle", "--pieces", "60M", "--out", "somewhere");
    assertThat(ended.code()).isZero();
    assertThat(ended.out())
        .contains("bundle --jars " + checkout.resolve(".kiln/lib-gpu"))
        .contains("--out somewhere --pieces 60M");
    assertThat(logged("maven")).hasSize(1).first().asString().contains("-Pgpu");
    assertThat(checkout.resolve(".kiln/java-options")).content().contains("-XX:+UseParallelGC");
  }

  @Test
  void bundlesForTheCpuWithJarsThatHaveABillOfMaterials() throws Exception {
    kiln();
    for (int i = 0; i < 2; i++) {
      Ended ended = kiln("bundle", "--cpu", "--no-archive");
      assertThat(ended.out()).contains("--without cuda").doesNotContain("--archive");
    }
    kiln();
    assertThat(logged("maven")).hasSize(2).noneMatch(line -> line.contains("-P"));
    assertThat(logged("maven").get(0)).doesNotContain("cyclonedx");
    assertThat(logged("maven").get(1)).contains("-Dcyclonedx.skip=false");
  }

  @Test
  void rejectsAnUnknownOptionOfBundle() throws Exception {
    Ended ended = kiln("bundle", "--gpu");
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("--no-tensorrt", "unknown option --gpu");
    assertThat(logged("maven")).isEmpty();
  }

  @Test
  void formats() throws Exception {
    assertThat(kiln("format").code()).isZero();
    assertThat(logged("maven")).containsExactly("-B -ntp -q spotless:apply");
  }
}
