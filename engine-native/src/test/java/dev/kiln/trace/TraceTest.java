package dev.kiln.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TraceTest {
  private static final Path TOOL = Path.of("target/native/libnvtx-tool.so").toAbsolutePath();

  @TempDir Path directory;

  @AfterEach
  void off() {
    Trace.to(null);
  }

  @Test
  void rangesGoToTheSinkOnceItIsSet() throws Exception {
    List<String> taken = new ArrayList<>();
    Object untouched =
        new Object() {
          @Override
          public String toString() {
            throw new AssertionError("a name was built without a sink");
          }
        };
    Trace.begin("fetch", untouched);
    Trace.end();
    Trace.to(
        new Trace.Sink() {
          @Override
          public void begin(String name) {
            taken.add(name);
          }

          @Override
          public void end() {
            taken.add("end");
          }
        });
    Trace.begin("fetch", 7);
    assertThat(Trace.<String, RuntimeException>within("decode", "a", () -> "done"))
        .isEqualTo("done");
    Trace.end();
    assertThatThrownBy(
            () ->
                Trace.within(
                    "write",
                    "b",
                    () -> {
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(taken).containsExactly("fetch 7", "decode a", "end", "end", "write b", "end");
  }

  @Test
  void sendsRangesToAProfiler() throws Exception {
    assertThat(run(Map.of("NVTX_INJECTION64_PATH", TOOL.toString()))).containsExactly("attached");
    assertThat(Files.readAllLines(directory.resolve("log")))
        .containsExactly("push fetch m_1.tif", "push décode 3", "pop", "pop");
  }

  @Test
  void doesNotAttachWithoutAProfiler() throws Exception {
    assertThat(run(Map.of())).containsExactly("alone");
    assertThat(run(Map.of("NVTX_INJECTION64_PATH", "/no/such.so"))).containsExactly("alone");
    // A library of no profiler.
    assertThat(run(Map.of("NVTX_INJECTION64_PATH", "libm.so.6"))).containsExactly("alone");
  }

  private List<String> run(Map<String, String> environment) throws Exception {
    Path output = directory.resolve("output");
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dstdout.encoding=UTF-8",
            "-cp",
            System.getProperty("java.class.path"),
            Profiled.class.getName());
    java.environment().putAll(environment);
    java.environment().put("NVTX_TEST_LOG", directory.resolve("log").toString());
    Process process =
        java.redirectOutput(output.toFile())
            .redirectError(directory.resolve("errors").toFile())
            .start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(directory.resolve("errors"))).isZero();
    return Files.readAllLines(output);
  }

  /** A program that a profiler may start. */
  static final class Profiled {
    public static void main(String[] arguments) {
      Nvtx nvtx = Nvtx.ofThisProcess();
      System.out.println(nvtx == null ? "alone" : "attached");
      Trace.to(nvtx);
      Trace.begin("fetch", "m_1.tif");
      Trace.begin("décode", 3);
      Trace.end();
      Trace.end();
    }
  }
}
