package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.AccessTarget.MethodCallTarget;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.StandIn;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.TestStrips;
import dev.kiln.io.FileTrees;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.platform.Band;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.tensorrt.MatrixPlan;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * TensorRT through JavaCPP's bindings, over a stand-in for its libraries: a plan is compiled,
 * stored, loaded and run. The stand-in's encoder computes the first patch value, the sum of the
 * time's numbers, the sum of the location's, and the gsd.
 */
@Tag("stand-in")
@Timeout(120)
class TensorRtBindingTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  private static final int CHIP = 64;
  private static final int SIDE = 16;

  /** What returns no code: values, and functions without a result. */
  private static final Set<String> CANNOT_FAIL =
      Set.of(
          "nvinfer.getInferLibMajorVersion",
          "nvinfer.getInferLibMinorVersion",
          "nvinfer.getInferLibPatchVersion",
          "nvinfer.getInferLibBuildVersion",
          "IHostMemory.data",
          "IHostMemory.size",
          "ITensor.setName",
          "INetworkDefinition.markOutput",
          "IBuilderConfig.setMemoryPoolLimit",
          "IBuilderConfig.setProfilingVerbosity",
          "IBuilderConfig.setBuilderOptimizationLevel",
          "ICudaEngine.getTensorShape",
          "ICudaEngine.getDeviceMemorySizeV2",
          "IExecutionContext.setDeviceMemoryV2");

  /** What Kiln can do without: the stored timings, and the limit of streams. */
  private static final Set<String> OPTIONAL =
      Set.of(
          "ITimingCache.serialize",
          "IBuilderConfig.setTimingCache",
          "IBuilderConfig.setMaxAuxStreams");

  /** Called once per process, when the libraries are loaded. */
  private static final Set<String> ONCE =
      Set.of(
          "nvinfer.getInferLibMajorVersion",
          "nvinfer.getInferLibMinorVersion",
          "nvinfer.getInferLibPatchVersion",
          "nvinfer.getInferLibBuildVersion");

  @TempDir static Path directory;
  private static ExportedEncoder encoder;

  @BeforeAll
  static void loadTensorRt() {
    System.setProperty("kiln.cache", directory.resolve("cache").toString());
    System.setProperty("kiln.tensorrt", StandIn.tensorRt().toString());
    assertThat(TensorRtEncoder.missing()).isEmpty();
    assertThat(TensorRtEncoder.version())
        .startsWith("11.2.1.2 in " + StandIn.tensorRt())
        .endsWith("(-Dkiln.tensorrt)");
    encoder =
        Exporter.export(
                MICRO,
                new Exporter.Options(
                    List.of(PlatformCatalog.builtIn().get("naip")), List.of(CHIP), false, false),
                directory.resolve("model"))
            .encoder("naip", CHIP);
  }

  @AfterAll
  static void forgetTensorRt() {
    System.clearProperty("kiln.cache");
    System.clearProperty("kiln.tensorrt");
  }

  @BeforeEach
  void reset() throws IOException {
    StandIn.reset();
    FileTrees.delete(plans());
  }

  @AfterEach
  void everythingWasReleased() {
    assertThat(StandIn.violations()).isEmpty();
    assertThat(StandIn.live()).isEmpty();
  }

  private static Path plans() {
    return directory.resolve("model/plans");
  }

  private static Encoder open(int batchSize, DataType precision) {
    return TensorRtEncoder.open(CudaGpu.open(), encoder, OptionalInt.of(batchSize), precision);
  }

  private static Strip strip(Encoder of, int chips) {
    return TestStrips.noise(TestStrips.naip(), chips * CHIP, 0, CHIP, 0, 0, 0, 5, of.hostMemory());
  }

  /** Computes a batch of 4 chips at most, and checks every embedding. */
  private static void check(Encoder of, BatchSlot slot, int chips) throws Exception {
    try (Strip strip = strip(of, chips)) {
      for (int i = 0; i < chips; i++) {
        slot.put(strip, i * CHIP, 0, new float[] {1, 2, 3, i}, new float[] {i, 0, -1, 0.5f});
      }
      slot.start(0.6f);
      FloatBuffer result = slot.await();
      int dim = of.description().dim();
      Band red = encoder.platform().bands().get(0);
      for (int i = 0; i < chips; i++) {
        int pixel =
            strip.raw().get(Math.toIntExact(strip.bands().get(0).byteOf(i * CHIP, 0))) & 0xFF;
        double normal = (pixel - red.mean()) / red.std();
        assertThat((double) result.get(i * dim)).isCloseTo(normal, within(0.01));
        assertThat(result.get(i * dim + 1)).isEqualTo(6f + i);
        assertThat(result.get(i * dim + 2)).isEqualTo(i - 0.5f);
        assertThat(result.get(i * dim + 3)).isEqualTo(0.6f);
      }
      slot.clear();
    }
  }

  /** Compiles, runs batches of two sizes until both are captured, and multiplies two matrices. */
  private static void scenario(DataType precision) throws Exception {
    try (Encoder opened = open(4, precision)) {
      BatchSlot slot = opened.newSlot();
      for (int batch = 0; batch < 3; batch++) {
        check(opened, slot, 4);
        check(opened, slot, 1);
      }
    }
    product();
  }

  private static void product() {
    long bytes = 2L * SIDE * SIDE;
    try (CudaGpu gpu = CudaGpu.open();
        GpuStream stream = gpu.newStream("product");
        HostBuffer host = gpu.pinned("matrices", 3 * bytes);
        DeviceBuffer a = gpu.allocate("a", bytes);
        DeviceBuffer b = gpu.allocate("b", bytes);
        DeviceBuffer c = gpu.allocate("c", bytes);
        MatrixPlan plan = new MatrixPlan(gpu, SIDE, a, b, c)) {
      ByteBuffer values = host.slice(0, (int) (3 * bytes));
      for (int i = 0; i < SIDE * SIDE; i++) {
        values.putShort(2 * i, (short) DataType.BF16.toBits(i % 7 - 3));
        values.putShort((int) bytes + 2 * i, (short) DataType.BF16.toBits(i % 5 - 2));
      }
      stream.copyIn(host, 0, a, 0, bytes);
      stream.copyIn(host, bytes, b, 0, bytes);
      plan.enqueue(stream);
      stream.copyOut(c, 0, host, 2 * bytes, bytes);
      stream.synchronize();
      for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
          int sum = 0;
          for (int k = 0; k < SIDE; k++) {
            sum += ((row * SIDE + k) % 7 - 3) * ((k * SIDE + column) % 5 - 2);
          }
          int at = (int) (2 * bytes) + 2 * (row * SIDE + column);
          assertThat(DataType.BF16.toFloat(values.getShort(at))).isEqualTo((float) sum);
        }
      }
    }
  }

  @Test
  void compilesStoresLoadsAndRuns() throws Exception {
    scenario(DataType.BF16);

    assertThat(StandIn.calls())
        .containsEntry("IBuilder.buildSerializedNetwork", 2) // of the encoder and of the product
        .containsKey("cudaGraphLaunch");
    try (var files = Files.list(plans())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .anyMatch(name -> name.matches("naip-64-bf16-batch4-sm90.*\\.plan"))
          .anyMatch(name -> name.endsWith(".layers.json"));
    }
    StandIn.reset();
    open(4, DataType.BF16).close();
    assertThat(StandIn.calls()).doesNotContainKey("nvinfer.createInferBuilder");
  }

  @Test
  void halfPrecisionRuns() throws Exception {
    scenario(DataType.FP16);
  }

  /** Each native function of TensorRT that Kiln calls is called here: no binding is unproven. */
  @Test
  void everyNativeFunctionOfProductionCodeIsCalledHere() throws Exception {
    scenario(DataType.BF16);
    Set<String> called = new TreeSet<>(StandIn.calls().keySet());
    called.addAll(ONCE);

    Set<String> used = nativeFunctionsOfProductionCode();

    assertThat(used)
        .contains("nvinfer.createInferBuilder", "IParser.parseFromFile", "ILayer.getOutput")
        .contains("IExecutionContext.enqueueV3")
        .hasSizeGreaterThan(30);
    assertThat(called).containsAll(used);
  }

  private static Set<String> nativeFunctionsOfProductionCode() throws Exception {
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    Set<String> used = new TreeSet<>();
    for (JavaMethodCall call :
        new ClassFileImporter()
            .importPaths(classesThatMentionTensorRt()).stream()
                .flatMap(type -> type.getMethodCallsFromSelf().stream())
                .toList()) {
      MethodCallTarget target = call.getTarget();
      String owner = target.getOwner().getName();
      // Dims64 is a structure, whose fields have accessors.
      if (owner.startsWith("org.bytedeco.tensorrt.") && !owner.endsWith(".Dims64")) {
        addNative(used, owner, target.getName());
      }
    }
    return used;
  }

  /** Reads files first, because to import all classes takes seconds. */
  private static List<Path> classesThatMentionTensorRt() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String module : List.of("engine-native", "model-export", "engine-java")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "target/classes/dev/kiln"))) {
        for (Path file : files.filter(one -> one.toString().endsWith(".class")).toList()) {
          if (Files.readString(file, StandardCharsets.ISO_8859_1)
              .contains("org/bytedeco/tensorrt")) {
            found.add(file);
          }
        }
      }
    }
    return found;
  }

  private static void addNative(Set<String> used, String owner, String name)
      throws ClassNotFoundException {
    for (Class<?> type = Class.forName(owner, false, TensorRtBindingTest.class.getClassLoader());
        type != null && type != Pointer.class;
        type = type.getSuperclass()) {
      boolean found =
          Arrays.stream(type.getDeclaredMethods())
              .filter(method -> method.getName().equals(name))
              .map(Method::getModifiers)
              .anyMatch(Modifier::isNative);
      if (found) {
        used.add(type.getSimpleName() + "." + name);
        return;
      }
    }
  }

  @Test
  void anyCallMayFailAndNothingLeaks() throws Exception {
    scenario(DataType.BF16);
    Map<String, Integer> calls = StandIn.calls();
    for (Map.Entry<String, Integer> each : calls.entrySet()) {
      String function = each.getKey();
      if (!function.contains(".") || CANNOT_FAIL.contains(function)) {
        continue;
      }
      // Of what is called for each tensor and batch, some.
      int step = Math.max(1, each.getValue() / 3);
      for (int nth = 1; nth <= each.getValue(); nth += step) {
        reset();
        StandIn.fail(function, nth, StandIn.UNKNOWN_ERROR, false);
        runWithOneFailure(function, nth);
        assertThat(StandIn.violations()).as("%s, call %d", function, nth).isEmpty();
        assertThat(StandIn.live()).as("%s, call %d", function, nth).isEmpty();
      }
    }
  }

  private static void runWithOneFailure(String function, int nth) throws Exception {
    try {
      scenario(DataType.BF16);
      boolean secondBuild = function.equals("IBuilder.buildSerializedNetwork") && nth == 1;
      // A batch that cannot be captured runs without a graph.
      boolean capture = function.equals("IExecutionContext.enqueueV3");
      assertThat(OPTIONAL.contains(function) || secondBuild || capture)
          .as("%s, call %d: no error", function, nth)
          .isTrue();
    } catch (ConfigurationException | TensorRtException | EncoderException e) {
      assertThat(e.getMessage()).as("%s, call %d", function, nth).contains(function);
    }
  }

  /** The second build starts with the timings of the first, so it does not repeat measurements. */
  @Test
  void attentionThatCannotBeFusedIsCompiledAgain() throws Exception {
    StandIn.fail("IBuilder.buildSerializedNetwork", 1, StandIn.UNKNOWN_ERROR, false);
    try (Encoder opened = open(2, DataType.BF16)) {
      check(opened, opened.newSlot(), 2);
    }
    assertThat(StandIn.calls())
        .containsEntry("IBuilder.buildSerializedNetwork", 2)
        .containsEntry("ITimingCache.serialize", 2);
  }

  @Test
  void planOfAnotherKindIsRefusedByTensorRt() throws Exception {
    open(2, DataType.BF16).close();
    StandIn.fail("IRuntime.deserializeCudaEngine", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(() -> open(2, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("IRuntime.deserializeCudaEngine was told to fail")
        .hasMessageContaining("run kiln compile again");
  }

  @Test
  @Timeout(60)
  void lostDeviceFailsTheBatchAndCanBeClosed() throws Exception {
    try (Encoder opened = open(2, DataType.BF16);
        Strip strip = strip(opened, 2)) {
      BatchSlot slot = opened.newSlot();
      slot.put(strip, 0, 0, new float[4], new float[4]);
      StandIn.failWork(3, StandIn.ILLEGAL_ADDRESS);
      slot.start(0.6f);
      assertThatThrownBy(slot::await)
          .isInstanceOf(EncoderException.class)
          .hasMessageContaining("CUDA error 700");
    }
    assertThat(StandIn.live()).noneMatch(kind -> kind.startsWith("TensorRT"));
    // Memory of a lost device is freed with the process.
    StandIn.reset();
  }
}
