package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.AccessTarget.MethodCallTarget;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.kiln.memory.HostBuffer;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bindings to CUDA, through JavaCPP's JNI code, over a stand-in for NVIDIA's libraries. */
@Tag("stand-in")
@Timeout(120)
class BindingTest {
  /** What returns its answer otherwise than by a code, or is called while an error is handled. */
  private static final Set<String> CANNOT_FAIL =
      Set.of(
          "cudaGetErrorString",
          "cudaGetLastError",
          "nvmlErrorString",
          "nvrtcGetErrorString",
          "cublasGetStatusString",
          "cublasLtGetStatusString",
          "cublasLtGetVersion",
          "cudnnGetErrorString",
          "cudnnGetVersion");

  /** Called once per process, by {@link CudaDriver#status} and {@link Nvrtc}. */
  private static final Set<String> ONCE =
      Set.of("cudaRuntimeGetVersion", "cudaDriverGetVersion", "cudaGetDeviceCount");

  @TempDir Path cache;

  @BeforeEach
  void reset() {
    System.setProperty("kiln.cache", cache.toString());
    StandIn.reset();
  }

  @AfterEach
  void nothingWasMisused() {
    System.clearProperty("kiln.cache");
    assertThat(StandIn.violations()).isEmpty();
    assertThat(StandIn.lastError()).as("last error of the runtime").isZero();
  }

  @Test
  void everythingIsReleasedOnceAndByTheRightFunction() {
    BindingScenario.run();

    assertThat(StandIn.live()).isEmpty();
    Map<String, Integer> calls = StandIn.calls();
    assertThat(calls.get("cudaFree")).isEqualTo(calls.get("cudaMalloc"));
    assertThat(calls.get("cudaFreeHost")).isEqualTo(calls.get("cudaHostAlloc"));
    assertThat(calls.get("cudaStreamDestroy")).isEqualTo(calls.get("cudaStreamCreateWithFlags"));
    assertThat(calls.get("cudaEventDestroy")).isEqualTo(calls.get("cudaEventCreateWithFlags"));
    assertThat(calls.get("cudaGraphDestroy")).isEqualTo(calls.get("cudaStreamEndCapture"));
  }

  /** Each native function that Kiln calls is called by the scenario: no binding is unproven. */
  @Test
  void everyNativeFunctionOfProductionCodeIsCalledHere() throws Exception {
    BindingScenario.run();
    failOnceEach();
    Set<String> called = new TreeSet<>(StandIn.calls().keySet());
    called.addAll(ONCE);

    Set<String> used = nativeFunctionsOfProductionCode();

    assertThat(used)
        .contains("cudaMalloc", "cudaHostAlloc", "nvmlInit_v2", "cublasGemmEx", "cudnnCreate");
    assertThat(called).containsAll(used);
  }

  /** For the functions that describe errors. */
  private static void failOnceEach() {
    assertThatThrownBy(() -> Nvrtc.compile("bad", "#error", "sm_90", List.of()))
        .isInstanceOf(CudaException.class);
    StandIn.fail("nvmlInit_v2", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(Nvml::open).isInstanceOf(IllegalStateException.class);
    StandIn.fail("cublasCreate_v2", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(Cublas::open).isInstanceOf(IllegalStateException.class);
    StandIn.fail("cublasLtMatmulDescCreate", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(BindingScenario::run).isInstanceOf(IllegalStateException.class);
    StandIn.fail("cudnnBackendFinalize", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(BindingScenario::run).isInstanceOf(IllegalStateException.class);
    StandIn.fail("cudaSetDeviceFlags", 1, StandIn.UNKNOWN_ERROR, false);
    assertThatThrownBy(CudaGpu::open).isInstanceOf(CudaException.class);
  }

  private static Set<String> nativeFunctionsOfProductionCode() throws ClassNotFoundException {
    // The bindings have thousands of methods, which would be imported too.
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    Set<String> used = new TreeSet<>();
    for (JavaMethodCall call :
        new ClassFileImporter()
            .importPath(Path.of("target/classes/dev/kiln")).stream()
                .flatMap(type -> type.getMethodCallsFromSelf().stream())
                .toList()) {
      MethodCallTarget target = call.getTarget();
      String owner = target.getOwner().getName();
      if (owner.startsWith("org.bytedeco.cuda.global.") && isNative(owner, target.getName())) {
        used.add(target.getName());
      }
    }
    return used;
  }

  private static boolean isNative(String owner, String name) throws ClassNotFoundException {
    return Arrays.stream(
            Class.forName(owner, false, BindingTest.class.getClassLoader()).getDeclaredMethods())
        .filter(method -> method.getName().equals(name))
        .map(Method::getModifiers)
        .anyMatch(Modifier::isNative);
  }

  @Test
  void anyCallMayFailAndNothingElseLeaks() {
    BindingScenario.run();
    Map<String, Integer> calls = StandIn.calls();
    for (Map.Entry<String, Integer> each : calls.entrySet()) {
      String function = each.getKey();
      if (CANNOT_FAIL.contains(function) || function.startsWith("nvrtc")) {
        continue;
      }
      // Of the attributes of descriptors, which are set in dozens of calls, some.
      int step = Math.max(1, each.getValue() / 12);
      for (int nth = 1; nth <= each.getValue(); nth += step) {
        StandIn.reset();
        StandIn.fail(function, nth, StandIn.UNKNOWN_ERROR, false);
        runWithOneFailure(function, nth);
        assertThat(StandIn.violations()).as("%s, call %d", function, nth).isEmpty();
        assertThat(StandIn.lastError()).as("%s, call %d", function, nth).isZero();
        if (!releases(function)) {
          assertThat(StandIn.live()).as("%s, call %d", function, nth).isEmpty();
        }
      }
    }
  }

  private static void runWithOneFailure(String function, int nth) {
    try {
      BindingScenario.run();
      // A failing cudaFreeHost is a warning, and energy that cannot be read is left out.
      assertThat(function).as("call %d", nth).matches("cudaFreeHost");
    } catch (CudaException | IllegalStateException e) {
      assertThat(e.getMessage()).contains(function.replaceFirst("_v2$", ""));
    } catch (AssertionError e) {
      assertThat(function)
          .as("call %d: %s", nth, e.getMessage())
          .matches("nvml.*|cudaDeviceGetPCIBusId");
    }
  }

  private static boolean releases(String function) {
    return function.matches(
        ".*(Free|FreeHost|Destroy|DestroyProgram|DestroyDescriptor|Unload|Shutdown|Destroy_v2)");
  }

  @Test
  void aCallThatFailsNamesWhatItWasFor() {
    try (CudaGpu gpu = CudaGpu.open()) {
      StandIn.fail("cudaMalloc", 1, StandIn.ILLEGAL_ADDRESS, false);
      assertThatThrownBy(() -> gpu.allocate("weights", 1 << 20))
          .isInstanceOf(CudaException.class)
          .hasMessage(
              "weights: cudaMalloc of 1048576 bytes: CUDA error 700 (an illegal memory access was"
                  + " encountered)");
    }
  }

  @Test
  void aFullDeviceReportsWhatIsFree() {
    StandIn.device(1, 13000, 3_000_000);
    try (CudaGpu gpu = CudaGpu.open();
        DeviceBuffer first = gpu.allocate("first", 2_000_000)) {
      assertThat(first.address()).isNotZero();
      assertThatThrownBy(() -> gpu.allocate("second", 2_000_000))
          .isInstanceOf(DeviceMemoryException.class)
          .hasMessageContaining("second: expected 2 MB of free device memory, found 1 MB");
      assertThat(StandIn.lastError()).isZero();
      assertThat(gpu.freeBytes()).isEqualTo(1_000_000);
    }
    assertThat(StandIn.live()).isEmpty();
  }

  @Test
  void pinnedMemoryMayRunOut() {
    try (CudaGpu gpu = CudaGpu.open()) {
      StandIn.fail("cudaHostAlloc", 1, 2, false);
      assertThatThrownBy(() -> gpu.pinned("strip", 4096))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessageContaining("strip");
      assertThat(StandIn.lastError()).isZero();
    }
  }

  @Test
  void pinnedMemoryOutlivesTheDevice() {
    HostBuffer host;
    try (CudaGpu gpu = CudaGpu.open()) {
      host = gpu.pinned("strip", 4096);
    }
    host.slice(0, 4096).put(4095, (byte) 1);
    assertThat(StandIn.live()).containsExactly("pinned");
    host.close();
    assertThat(StandIn.live()).isEmpty();
  }

  /** After an error of the device itself every call fails, and closing neither waits nor hides. */
  @Test
  @Timeout(20)
  void aLostDeviceFailsEveryCallAndCloses() {
    CudaGpu gpu = CudaGpu.open();
    GpuStream stream = gpu.newStream("lost");
    DeviceBuffer memory = gpu.allocate("memory", 256);
    GpuEvent event = gpu.newEvent();
    HostBuffer host = gpu.pinned("host", 256);
    StandIn.failWork(1, StandIn.ILLEGAL_ADDRESS);
    stream.zero(memory, 0, 256);
    stream.record(event);

    assertLost(event::synchronize);
    assertLost(stream::synchronize);
    assertLost(() -> gpu.allocate("more", 1));
    assertLost(() -> stream.copyIn(host, 0, memory, 0, 256));
    assertLost(() -> stream.zero(memory, 0, 1));
    assertLost(() -> stream.record(event));
    assertLost(() -> gpu.newStream("another"));
    assertLost(gpu::freeBytes);
    host.close();
    assertThatThrownBy(gpu::close)
        .isInstanceOf(CudaException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(3));
    gpu.close();
    assertThat(StandIn.lastError()).isEqualTo(0);
  }

  private static void assertLost(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CudaException.class, e -> assertThat(e.code()).isEqualTo(StandIn.ILLEGAL_ADDRESS));
  }

  @Test
  void aFailedCaptureLeavesTheStreamUsableAndNoErrorBehind() {
    try (CudaGpu gpu = CudaGpu.open();
        GpuStream stream = gpu.newStream("captured");
        DeviceBuffer memory = gpu.allocate("memory", 64)) {
      // A wait is not allowed in a capture and invalidates it.
      assertThatThrownBy(() -> stream.capture(stream::synchronize))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA error 900");
      assertThat(StandIn.lastError()).isZero();

      IllegalStateException own = new IllegalStateException("not of CUDA");
      assertThatThrownBy(
              () ->
                  stream.capture(
                      () -> {
                        throw own;
                      }))
          .isSameAs(own);
      assertThat(StandIn.lastError()).isZero();

      StandIn.fail("cudaStreamEndCapture", 1, 901, false);
      assertThatThrownBy(() -> stream.capture(() -> stream.zero(memory, 0, 64)))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cudaStreamEndCapture");
      assertThat(StandIn.lastError()).isZero();

      StandIn.fail("cudaGraphInstantiate", 1, 2, false);
      assertThatThrownBy(() -> stream.capture(() -> stream.zero(memory, 0, 64)))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cudaGraphInstantiate");

      stream.zero(memory, 0, 64);
      stream.synchronize();
    }
    assertThat(StandIn.live()).isEmpty();
  }

  @Test
  void aLaunchBeyondTheKernelsSharedMemoryIsRefused() {
    try (CudaGpu gpu = CudaGpu.open();
        GpuStream stream = gpu.newStream("launches");
        GpuModule module = gpu.compile("some", "kernel", List.of())) {
      GpuKernel kernel = module.kernel("kernel");
      LaunchShape large = new LaunchShape(1, 1, 1, 32, 60_000);
      assertThatThrownBy(() -> stream.launch(kernel, large, new KernelArguments()))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cudaLaunchKernel of kernel");
      kernel.allowSharedMemory(60_000);
      stream.launch(kernel, large, new KernelArguments());
      assertThatThrownBy(() -> kernel.allowSharedMemory(300_000))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("300000 bytes of shared memory");
      assertThatThrownBy(() -> module.kernel("none"))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("some.none")
          .hasMessageContaining("named symbol not found");
    }
  }

  @Test
  void codeThatIsNoDeviceCodeIsRefused() {
    try (CudaGpu gpu = CudaGpu.open()) {
      assertThatThrownBy(() -> gpu.load("text", "no device code at all".getBytes()))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cudaLibraryLoadData of text");
    }
    assertThat(StandIn.live()).isEmpty();
  }

  @Test
  void compilerErrorsAreQuotedAndTheProgramIsDestroyed() {
    assertThatThrownBy(() -> Nvrtc.compile("bad", "#error", "sm_90", List.of()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("error: #error directive");
    assertThatThrownBy(() -> Nvrtc.compile("bad", "", "90", List.of()))
        .isInstanceOf(CudaException.class);
    assertThat(StandIn.live()).isEmpty();
    assertThat(Nvrtc.version()).isEqualTo("13.3");
  }

  /** The device's resources close the newest first, whatever their owners forgot. */
  @Test
  void closingTheDeviceClosesWhatWasForgotten() {
    CudaGpu gpu = CudaGpu.open();
    gpu.allocate("forgotten", 1);
    gpu.newStream("forgotten");
    gpu.newEvent();
    gpu.compile("forgotten", "kernel", List.of());
    gpu.close();

    assertThat(StandIn.live()).isEmpty();
    List<String> releases =
        StandIn.log().stream()
            .filter(BindingTest::releases)
            .filter(call -> call.startsWith("cuda"))
            .collect(Collectors.toList());
    assertThat(releases)
        .containsExactly("cudaLibraryUnload", "cudaEventDestroy", "cudaStreamDestroy", "cudaFree");
  }
}
