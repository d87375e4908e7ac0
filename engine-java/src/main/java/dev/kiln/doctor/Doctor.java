package dev.kiln.doctor;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.Nvrtc;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreCheck;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.infer.cpu.OneDnnEncoder;
import dev.kiln.infer.cpu.OnnxRuntimeEncoder;
import dev.kiln.infer.gpu.TensorRtEncoder;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.raster.GdalLibrary;
import dev.kiln.run.MemoryPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What on this machine works for Kiln, what does not, and what to do about it. */
public final class Doctor {
  /** How one thing stands. */
  public enum State {
    OK,
    /** Absent, and Kiln runs without it. */
    ABSENT,
    /** Kiln cannot run so. */
    BROKEN
  }

  /**
   * One thing that was looked at.
   *
   * @param subject what
   * @param state how it stands
   * @param found in words
   * @param advice what to do; empty if nothing
   */
  public record Finding(String subject, State state, String found, String advice) {}

  /** Extensions of x86-64 that make matrix products fast, as Linux names them. */
  private static final List<String> FAST =
      List.of("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8");

  private final List<Finding> findings = new ArrayList<>();

  /** Something that works, or says why not. */
  private interface Probe {
    String find() throws Exception;
  }

  /**
   * @param model to open; null to leave it out
   * @param source to look into; null to leave it out
   * @param sourceOptions how it is reached
   * @param out to write into; null to leave it out
   * @param outOptions how it is reached
   */
  public static List<Finding> all(
      Path model, String source, StoreOptions sourceOptions, String out, StoreOptions outOptions) {
    Doctor checkup = new Doctor();
    checkup.machine();
    checkup.works("GDAL", GdalLibrary::require);
    checkup.works("oneDNN", OneDnnEncoder::version);
    checkup.works("ONNX Runtime", OnnxRuntimeEncoder::version);
    checkup.works("CPU encoder", Encoders::onCpu);
    checkup.gpu();
    checkup.tensorRt();
    if (model != null) {
      checkup.works("model", () -> describe(ModelDirectory.open(model)));
    }
    if (source != null) {
      checkup.works("source", () -> StoreCheck.readable(source, sourceOptions));
    }
    if (out != null) {
      checkup.works("out", () -> StoreCheck.writable(out, outOptions));
    }
    return List.copyOf(checkup.findings);
  }

  private void works(String subject, Probe probe) {
    try {
      findings.add(new Finding(subject, State.OK, probe.find(), ""));
    } catch (ConfigurationException e) {
      findings.add(new Finding(subject, State.BROKEN, "does not work", e.getMessage()));
    } catch (Exception | LinkageError e) {
      findings.add(new Finding(subject, State.BROKEN, "does not work", e.toString()));
    }
  }

  private void machine() {
    works(
        "Java",
        () -> System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
    works("processors", () -> Runtime.getRuntime().availableProcessors() + " " + extensions());
    works(
        "memory",
        () ->
            String.format(
                Locale.ROOT,
                "%.1f GB, of which the Java heap may take %.1f GB",
                MemoryPlan.available() / 1e9,
                Runtime.getRuntime().maxMemory() / 1e9));
  }

  private static String extensions() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(info)) {
      List<String> flags =
          lines
              .filter(line -> line.startsWith("flags"))
              .findFirst()
              .map(line -> List.of(line.split("\\s+")))
              .orElse(List.of());
      return FAST.stream().filter(flags::contains).collect(Collectors.joining(", ", "with ", ""));
    }
  }

  private void gpu() {
    CudaDriver.Status status = CudaDriver.status();
    if (!status.ready()) {
      findings.add(
          new Finding("NVIDIA GPU", State.ABSENT, status.line(), "the CPU encoder is used"));
      return;
    }
    works(
        "NVIDIA GPU",
        () -> {
          try (Gpu gpu = CudaGpu.open()) {
            return gpu.description().toString();
          }
        });
    try {
      findings.add(new Finding("CUDA compiler", State.OK, "NVRTC " + Nvrtc.version(), ""));
    } catch (IllegalStateException e) {
      findings.add(
          new Finding(
              "CUDA compiler",
              State.ABSENT,
              e.getMessage(),
              "kernels that were compiled before still work"));
    }
    Optional<String> missing = Encoders.missingGpuEncoder();
    findings.add(
        missing.isEmpty()
            ? new Finding("GPU encoder", State.OK, "can run", "")
            : new Finding("GPU encoder", State.ABSENT, missing.get(), "the CPU encoder is used"));
  }

  /** Without a GPU its absence is nothing to speak of, unless somebody said where it is. */
  private void tensorRt() {
    try {
      findings.add(new Finding("TensorRT", State.OK, TensorRtEncoder.version(), ""));
    } catch (ConfigurationException e) {
      if (CudaDriver.status().ready() || System.getenv("KILN_TENSORRT") != null) {
        findings.add(new Finding("TensorRT", State.ABSENT, "cannot be used", e.getMessage()));
      }
    }
  }

  private static String describe(ModelDirectory model) {
    return "%s, %s, weights %s…"
        .formatted(
            model.architecture().name(),
            model.description().platforms().stream()
                .map(Platform::name)
                .collect(Collectors.joining(", ")),
            model.hash().substring(0, 12));
  }
}
