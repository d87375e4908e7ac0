package dev.kiln.doctor;

import dev.kiln.cuda.CublasLt;
import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.Nvrtc;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ModelCache;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks what Kiln needs on this machine: libraries, devices, a model and stores. */
public final class Doctor {
  /** Result of one check. */
  public enum State {
    /** Works. */
    OK,
    /** Missing, and Kiln runs without it. */
    ABSENT,
    /** Kiln cannot run until it is fixed. */
    BROKEN
  }

  /**
   * One check.
   *
   * @param subject what was checked
   * @param state result
   * @param found what was found, such as a version
   * @param advice what to do; empty if nothing
   */
  public record Finding(String subject, State state, String found, String advice) {}

  /** Instruction set extensions of x86-64 that speed up matrix products, as Linux names them. */
  private static final List<String> FAST =
      List.of("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8");

  private final List<Finding> findings = new ArrayList<>();

  /** A check: returns what it found, or throws the reason why it does not work. */
  private interface Probe {
    String find() throws Exception;
  }

  /**
   * Runs all checks.
   *
   * @param model URI of a model to open; null for none
   * @param source URI of a store to read; null for none
   * @param sourceOptions how the source is accessed
   * @param out URI of a store to write to; null for none
   * @param outOptions how the output is accessed
   * @return one finding per check, in a fixed order
   */
  public static List<Finding> all(
      String model,
      String source,
      StoreOptions sourceOptions,
      String out,
      StoreOptions outOptions) {
    Doctor doctor = new Doctor();
    doctor.machine();
    doctor.works("GDAL", GdalLibrary::require);
    doctor.works("oneDNN", OneDnnEncoder::version);
    doctor.works("ONNX Runtime", OnnxRuntimeEncoder::version);
    doctor.works("CPU encoder", Encoders::onCpu);
    doctor.gpu();
    doctor.tensorRt();
    if (model != null) {
      doctor.works(
          "model", () -> describe(ModelCache.open(model, sourceOptions, ModelCache.ofUser())));
    }
    if (source != null) {
      doctor.works("source", () -> StoreCheck.readable(source, sourceOptions));
    }
    if (out != null) {
      doctor.works("out", () -> StoreCheck.writable(out, outOptions));
    }
    return List.copyOf(doctor.findings);
  }

  private void works(String subject, Probe probe) {
    try {
      findings.add(new Finding(subject, State.OK, probe.find(), ""));
    } catch (ConfigurationException e) {
      findings.add(new Finding(subject, State.BROKEN, "does not work", e.getMessage()));
    } catch (UncheckedIOException e) {
      findings.add(new Finding(subject, State.BROKEN, "does not work", e.getCause().getMessage()));
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
                "%.1f GB, Java heap limit %.1f GB",
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
              "CUDA compiler", State.ABSENT, e.getMessage(), "kernels in the cache still work"));
    }
    Optional<String> noMatrixLibrary = CublasLt.missing();
    findings.add(
        noMatrixLibrary.isEmpty()
            ? new Finding("matrix products", State.OK, CublasLt.description(), "")
            : new Finding(
                "matrix products",
                State.ABSENT,
                noMatrixLibrary.get(),
                "--encoder cuda uses Kiln's own kernels, which are slower"));
    Optional<String> noAttention = Cudnn.missing();
    findings.add(
        noAttention.isEmpty()
            ? new Finding("fused attention", State.OK, Cudnn.description(), "")
            : new Finding(
                "fused attention",
                State.ABSENT,
                noAttention.get(),
                "--encoder cuda uses Kiln's own kernel"));
    Optional<String> missing = Encoders.missingGpuEncoder();
    findings.add(
        missing.isEmpty()
            ? new Finding("GPU encoder", State.OK, "available", "")
            : new Finding("GPU encoder", State.ABSENT, missing.get(), "the CPU encoder is used"));
  }

  /** A missing TensorRT is reported only on machines with a GPU or if KILN_TENSORRT is set. */
  private void tensorRt() {
    try {
      findings.add(
          new Finding(
              "TensorRT",
              State.OK,
              TensorRtEncoder.version(),
              TensorRtEncoder.limitation().orElse("")));
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
