package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The checks over a device that is none, whose every round takes a millisecond. */
@Timeout(120)
class DeviceChecksTest {
  private static final double ROUND = 1e-3;

  private final List<FakeGpu> opened = new ArrayList<>();

  private FakeGpu open() {
    FakeGpu gpu = new FakeGpu();
    opened.add(gpu);
    return gpu;
  }

  @AfterEach
  void everythingWasClosed() {
    assertThat(opened).isNotEmpty().allSatisfy(gpu -> assertThat(gpu.leaked()).isEmpty());
  }

  @Test
  void theKernelAgreesWithItsReference() throws Exception {
    List<Measurement> figures = new PatchKernelCheck(this::open).run();
    assertThat(figures)
        .extracting(Measurement::name)
        .containsExactly(
            "largest distance in bf16",
            "largest distance in fp16",
            "largest distance in fp32",
            "numbers compared");
    assertThat(figures.get(0).value()).isPositive().isLessThanOrEqualTo(0.5);
    assertThat(figures.get(2).value()).isZero();
    assertThat(figures.get(3).value()).isGreaterThan(10_000_000);
  }

  @Test
  void aWrongKernelIsFound() {
    assertThatThrownBy(
            () ->
                new PatchKernelCheck(
                        () -> {
                          FakeGpu gpu = open();
                          // Leaves what the memory held.
                          gpu.define("kiln_patches_fp16", (shape, arguments) -> {});
                          return gpu;
                        })
                    .run())
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining("naip, FP16, chips of 24")
        .hasMessageNotContaining("BF16");
  }

  @Test
  void aDeviceThatFailsIsNotADisagreement() {
    assertThatThrownBy(
            () ->
                new PatchKernelCheck(
                        () -> {
                          FakeGpu gpu = open();
                          gpu.failWork(3);
                          return gpu;
                        })
                    .run())
        .isInstanceOf(CudaException.class);
  }

  @Test
  void copiesAreTimed() {
    DevicePeaks yardstick = new DevicePeaks();
    List<Measurement> figures = new CopyCheck(this::open, yardstick, 1_000_000).run();
    assertThat(figures)
        .extracting(Measurement::value)
        .containsExactly(1e6 / ROUND / 1e9, 1e6 / ROUND / 1e9, 2e6 / ROUND / 1e9);
    assertThat(yardstick.copyBytes()).hasValueCloseTo(2e9, within(1.0));
  }

  @Test
  void theKernelsBandwidthIsAShareOfACopys() {
    DevicePeaks yardstick = new DevicePeaks();
    yardstick.copyBytes(10e9);
    List<Measurement> figures = new PatchBandwidthCheck(this::open, yardstick, 2, 1).run();
    // Two chips of four bytes a pixel, and 2 bytes a number.
    double naip = 2 * 256 * 256 * 4 * (1 + 2) / ROUND;
    assertThat(figures.get(0).value()).isCloseTo(naip / 1e9, within(1e-6));
    assertThat(figures.get(1).value()).isCloseTo(naip / 10e9, within(1e-6));
    assertThat(figures.get(1).met()).isFalse();
    assertThat(figures).hasSize(4);
  }

  @Test
  void theFastestLibrarySetsTheCeiling() throws Exception {
    DevicePeaks yardstick = new DevicePeaks();
    List<String> queued = new ArrayList<>();
    List<Measurement> figures =
        new MatrixCeilingCheck(
                this::open,
                List.of(
                    product("cublas", Optional.empty(), queued),
                    product("other", Optional.of("not here"), queued)),
                yardstick,
                100)
            .run();
    assertThat(figures).extracting(Measurement::name).containsExactly("cublas");
    assertThat(queued).contains("cublas").doesNotContain("other").endsWith("cublas closed");
    assertThat(yardstick.matrixFlops()).hasValueCloseTo(2 * 100 * 100 * 100 / ROUND, within(1e3));
  }

  @Test
  void withoutALibraryThereIsNoCeiling() {
    open().close();
    DevicePeaks yardstick = new DevicePeaks();
    assertThatThrownBy(
            () ->
                new MatrixCeilingCheck(
                        this::open,
                        List.of(product("cublas", Optional.of("no cuBLAS"), new ArrayList<>())),
                        yardstick,
                        100)
                    .run())
        .isInstanceOf(SkippedException.class)
        .hasMessage("no cuBLAS");
    assertThat(yardstick.matrixFlops()).isEmpty();
  }

  private static MatrixProduct product(String name, Optional<String> absent, List<String> queued) {
    return new MatrixProduct(
        name,
        () -> absent,
        (gpu, side, a, b, c) ->
            new MatrixProduct.Ready() {
              @Override
              public void enqueue(GpuStream stream) {
                queued.add(name);
              }

              @Override
              public void close() {
                queued.add(name + " closed");
              }
            });
  }
}
