package dev.kiln.infer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaDriver.State;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.VectorRequest;
import dev.kiln.infer.gpu.GpuEncoders;
import dev.kiln.infer.gpu.GpuEncoders.Candidate;
import dev.kiln.infer.gpu.KernelEncoder;
import dev.kiln.infer.gpu.TensorRtEncoder;
import dev.kiln.type.DataType;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The choice of the encoder. CPU encoders are opened by other tests; here that would fail on null.
 */
class EncoderChoiceTest {
  private static final Optional<String> NOTHING = Optional.empty();
  private static final CudaDriver.Status READY =
      new CudaDriver.Status(State.READY, "1 GPU", 1, 13000, 13030);

  private static GpuEncoders machine(
      CudaDriver.Status status, Optional<String> noTensorRt, Optional<String> noKernels) {
    return new GpuEncoders(
        new GpuEncoders.Machine() {
          @Override
          public CudaDriver.Status status() {
            return status;
          }

          @Override
          public Gpu open() {
            return new FakeGpu();
          }
        },
        List.of(candidate(Kind.TENSORRT, noTensorRt), candidate(Kind.CUDA, noKernels)));
  }

  private static Candidate candidate(Kind kind, Optional<String> missing) {
    return new Candidate(
        kind,
        () -> missing,
        kind == Kind.TENSORRT ? TensorRtEncoder.PRECISIONS : KernelEncoder.PRECISIONS,
        kind == Kind.CUDA,
        (gpu, exported, batchSize, precision, vectors) ->
            new NamedEncoder(kind + " " + precision, gpu));
  }

  private record NamedEncoder(String name, Gpu gpu) implements Encoder {
    @Override
    public EncoderDescription description() {
      return new EncoderDescription(name, "fake", DataType.BF16, 1, 8, 1);
    }

    @Override
    public EncoderDevice device() {
      return EncoderDevice.cpu("fake");
    }

    @Override
    public EncoderMemory memory() {
      return EncoderMemory.NONE;
    }

    @Override
    public BatchSlot newSlot() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      gpu.close();
    }
  }

  private static String chosen(GpuEncoders gpus, Kind kind, boolean requireGpu, DataType type) {
    EncoderOptions options = EncoderOptions.of(kind).withRequireGpu(requireGpu);
    if (type != null) {
      options = options.withPrecision(PrecisionRequest.fixed(type));
    }
    try (Encoder encoder = Encoders.open(null, options, gpus)) {
      return encoder.description().name();
    } catch (NullPointerException e) {
      return "cpu";
    }
  }

  private static String chosenForPatches(GpuEncoders gpus, Kind kind) {
    EncoderOptions options =
        EncoderOptions.of(kind).withRequireGpu(true).withVectors(new VectorRequest(true, 4));
    try (Encoder encoder = Encoders.open(null, options, gpus)) {
      return encoder.description().name();
    }
  }

  private static CudaDriver.Status status(State state, String line) {
    return new CudaDriver.Status(state, line, 0, 0, 0);
  }

  @Test
  void firstUsableEncoderIsSelected() {
    assertThat(chosen(machine(READY, NOTHING, NOTHING), Kind.AUTO, false, null))
        .isEqualTo("TENSORRT BF16");
    assertThat(chosen(machine(READY, Optional.of("x"), NOTHING), Kind.AUTO, true, null))
        .isEqualTo("CUDA BF16");
    assertThat(chosen(machine(READY, NOTHING, NOTHING), Kind.CUDA, false, DataType.BF16))
        .isEqualTo("CUDA BF16");
  }

  @Test
  void vectorsOfPatchesAreComputedByTheKernels() {
    GpuEncoders gpus = machine(READY, NOTHING, NOTHING);

    assertThat(chosenForPatches(gpus, Kind.AUTO)).isEqualTo("CUDA BF16");
    assertThat(chosenForPatches(gpus, Kind.CUDA)).isEqualTo("CUDA BF16");
    assertThatThrownBy(() -> chosenForPatches(gpus, Kind.TENSORRT))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--vectors chip alone, found mean or patches; use --encoder cuda");
    GpuEncoders noKernels = machine(READY, NOTHING, Optional.of("no compiler"));
    assertThatThrownBy(() -> chosenForPatches(noKernels, Kind.AUTO))
        .hasMessage("--require-gpu: no compiler; remove the option to run on the CPU");
  }

  @Test
  void cpuIsSelectedWithoutAGpuIfAllowed() {
    GpuEncoders none = machine(status(State.NO_DRIVER, "no NVIDIA driver"), NOTHING, NOTHING);

    assertThat(chosen(none, Kind.AUTO, false, null)).isEqualTo("cpu");
    assertThat(chosen(none, Kind.CPU, false, null)).isEqualTo("cpu");
    assertThat(chosen(machine(READY, NOTHING, NOTHING), Kind.CPU, false, null)).isEqualTo("cpu");
    assertThat(chosen(machine(READY, NOTHING, NOTHING), Kind.AUTO, false, DataType.FP32))
        .isEqualTo("cpu");
    assertThatThrownBy(() -> chosen(none, Kind.AUTO, true, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--require-gpu: no NVIDIA driver; remove the option to run on the CPU");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NO_DRIVER | no NVIDIA driver: libcuda.so.1 is not on this machine",
        "DRIVER_TOO_OLD | NVIDIA driver: expected CUDA 13.0 or later",
        "NO_DEVICE | NVIDIA driver: no GPU found",
        "NO_RUNTIME | NVIDIA's driver is installed, but the CUDA runtime does not load",
      })
  void errorExplainsWhyTheRequestedEncoderCannotRun(State state, String line) {
    GpuEncoders gpus = machine(status(state, line), NOTHING, NOTHING);

    assertThatThrownBy(() -> chosen(gpus, Kind.TENSORRT, false, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--encoder tensorrt: " + line + "; or use --encoder cpu");
    assertThatThrownBy(() -> chosen(gpus, Kind.CUDA, true, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--require-gpu: " + line);
  }

  @Test
  void errorNamesMissingLibraries() {
    GpuEncoders gpus =
        machine(READY, Optional.of("TensorRT is not here"), Optional.of("no compiler"));

    assertThat(gpus.missing(Kind.AUTO)).contains("TensorRT is not here");
    assertThat(gpus.missing(Kind.CUDA)).contains("no compiler");
    assertThat(chosen(gpus, Kind.AUTO, false, null)).isEqualTo("cpu");
    assertThatThrownBy(() -> chosen(gpus, Kind.CUDA, false, null))
        .hasMessage("--encoder cuda: no compiler; or use --encoder cpu");
  }

  @Test
  void contradictoryOptionsAreRejected() {
    GpuEncoders gpus = machine(READY, NOTHING, NOTHING);

    assertThatThrownBy(() -> chosen(gpus, Kind.CPU, true, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--require-gpu: --encoder cpu runs on the CPU");
    assertThatThrownBy(() -> chosen(gpus, Kind.TENSORRT, false, DataType.FP32))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--precision fp32");
  }
}
