package dev.kiln.selftest;

import dev.kiln.cuda.Cublas;
import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.Nvml;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.select.Encoders;
import dev.kiln.tensorrt.MatrixPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The first CUDA device of this machine and its libraries. */
final class LocalMachine {
  private static final Logger log = LoggerFactory.getLogger(LocalMachine.class);

  private LocalMachine() {}

  static SelfTest.Device device() {
    return new SelfTest.Device(
        CudaDriver.status(),
        CudaGpu::open,
        EncoderCandidates.onGpu(),
        List.of(cublas(), tensorRt()),
        LocalMachine::gauge);
  }

  private static MatrixProduct cublas() {
    return new MatrixProduct(
        "cublas",
        () -> {
          try {
            Cublas.load();
            return Optional.empty();
          } catch (IllegalStateException e) {
            return Optional.of(e.getMessage());
          }
        },
        (gpu, side, a, b, c) -> {
          Cublas library = Cublas.open();
          return new MatrixProduct.Ready() {
            @Override
            public void enqueue(GpuStream stream) {
              library.product(stream, side, a, b, c);
            }

            @Override
            public void close() {
              library.close();
            }
          };
        });
  }

  private static MatrixProduct tensorRt() {
    return new MatrixProduct(
        "tensorrt",
        () -> Encoders.missingGpuEncoder(Kind.TENSORRT),
        (gpu, side, a, b, c) -> {
          MatrixPlan plan = new MatrixPlan(gpu, side, a, b, c);
          return new MatrixProduct.Ready() {
            @Override
            public void enqueue(GpuStream stream) {
              plan.enqueue(stream);
            }

            @Override
            public void close() {
              plan.close();
            }
          };
        });
  }

  /** Opens NVML's counters of the device; if that fails, logs it and returns null. */
  private static DoubleSupplier gauge() {
    try {
      Nvml nvml = Nvml.open();
      return nvml::busyShare;
    } catch (IllegalStateException e) {
      log.warn("idle time of the device is not measured: {}", e.getMessage());
      return null;
    }
  }

  /** Returns names and versions, in display order. */
  static Map<String, String> describe(SelfTest.Device device) {
    Map<String, String> machine = new LinkedHashMap<>();
    if (device.status().ready()) {
      try (Gpu gpu = device.open().get()) {
        machine.put("device", gpu.description().toString());
      }
      machine.put("driver", orReason(LocalMachine::driver));
    } else {
      machine.put("device", device.status().line());
    }
    machine.put(
        "java",
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
    machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return machine;
  }

  private static String driver() {
    try (Nvml nvml = Nvml.open()) {
      return nvml.driver();
    }
  }

  private static String orReason(Supplier<String> value) {
    try {
      return value.get();
    } catch (IllegalStateException e) {
      return "unknown: " + e.getMessage();
    }
  }
}
