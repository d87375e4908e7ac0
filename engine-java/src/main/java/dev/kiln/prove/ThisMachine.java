package dev.kiln.prove;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.Nvml;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Encoders;
import dev.kiln.infer.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This machine's first CUDA device and the libraries that are there for it. */
final class ThisMachine {
  private static final Logger log = LoggerFactory.getLogger(ThisMachine.class);

  /** Of the golden cases' README. */
  private static final double BF16_ERROR = 1e-2;

  private static final double BF16_COSINE = 0.9999;

  private ThisMachine() {}

  static Prove.Device device() {
    return new Prove.Device(
        CudaDriver.status(), CudaGpu::open, contenders(), List.of(), ThisMachine::gauge);
  }

  private static List<Contender> contenders() {
    return List.of(
        new Contender(
            "tensorrt bf16",
            BF16_ERROR,
            BF16_COSINE,
            Optional::empty,
            opener(EncoderOptions.Kind.TENSORRT, Precision.BF16)));
  }

  private static Contender.Opener opener(EncoderOptions.Kind kind, Precision precision) {
    return (model, platform, chip, batch) ->
        Encoders.open(model, platform, chip, new EncoderOptions(kind, false, precision, batch, 0));
  }

  /** What the driver says of the device; null, and a line in the log, where it says nothing. */
  private static DoubleSupplier gauge() {
    try {
      Nvml nvml = Nvml.open();
      return nvml::busyShare;
    } catch (IllegalStateException e) {
      log.warn("the device's idle share is not measured: {}", e.getMessage());
      return null;
    }
  }

  /** Names and versions. */
  static Map<String, String> describe(Prove.Device device) {
    Map<String, String> machine = new LinkedHashMap<>();
    if (device.status().ready()) {
      try (Gpu gpu = device.open().get()) {
        machine.put("device", gpu.description().toString());
      }
      machine.put("driver", orReason(ThisMachine::driver));
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
