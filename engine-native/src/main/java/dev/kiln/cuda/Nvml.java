package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDeviceGetPCIBusId;
import static org.bytedeco.cuda.global.nvml.NVML_SUCCESS;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetHandleByPciBusId_v2;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetTotalEnergyConsumption;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetUtilizationRates;
import static org.bytedeco.cuda.global.nvml.nvmlErrorString;
import static org.bytedeco.cuda.global.nvml.nvmlInit_v2;
import static org.bytedeco.cuda.global.nvml.nvmlShutdown;
import static org.bytedeco.cuda.global.nvml.nvmlSystemGetDriverVersion;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlUtilization_t;
import org.bytedeco.javacpp.BytePointer;

/**
 * Counters of the device that {@link CudaGpu} opens, read through NVIDIA's management library. Safe
 * for concurrent use.
 */
public final class Nvml implements AutoCloseable {
  private static final int DEVICE = 0;

  private final nvmlDevice_st device = new nvmlDevice_st();
  private boolean closed;

  private Nvml() {}

  /**
   * Opens a session for the device.
   *
   * @throws IllegalStateException if the library is missing or fails; the message is one line
   */
  public static Nvml open() {
    if (!CudaDriver.status().ready()) {
      throw new IllegalStateException(CudaDriver.status().line());
    }
    try {
      check(nvmlInit_v2(), "nvmlInit");
      Nvml nvml = new Nvml();
      try {
        nvml.find();
        return nvml;
      } catch (RuntimeException | Error e) {
        nvml.close();
        throw e;
      }
    } catch (LinkageError e) {
      throw new IllegalStateException("NVML does not load: " + CudaDriver.first(e), e);
    }
  }

  private void find() {
    byte[] bus = new byte[32];
    Cuda.check(cudaDeviceGetPCIBusId(bus, bus.length, DEVICE), "cudaDeviceGetPCIBusId");
    try (BytePointer name = new BytePointer(text(bus), StandardCharsets.US_ASCII)) {
      check(nvmlDeviceGetHandleByPciBusId_v2(name, device), "nvmlDeviceGetHandleByPciBusId");
    }
  }

  /** Returns the driver's version, as in "580.159.04". */
  public synchronized String driver() {
    requireOpen();
    byte[] version = new byte[96];
    check(nvmlSystemGetDriverVersion(version, version.length), "nvmlSystemGetDriverVersion");
    return text(version);
  }

  /** Returns the fraction of the last sample period, at most 1 s, in which a kernel ran. */
  public synchronized double busyShare() {
    requireOpen();
    try (nvmlUtilization_t rates = new nvmlUtilization_t()) {
      check(nvmlDeviceGetUtilizationRates(device, rates), "nvmlDeviceGetUtilizationRates");
      return rates.gpu() / 100.0;
    }
  }

  /** Returns the energy in joules that the device has used since its driver was loaded. */
  public synchronized double joules() {
    requireOpen();
    long[] millijoules = new long[1];
    check(
        nvmlDeviceGetTotalEnergyConsumption(device, millijoules),
        "nvmlDeviceGetTotalEnergyConsumption");
    return millijoules[0] / 1e3;
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.US_ASCII);
  }

  private static void check(int code, String call) {
    if (code != NVML_SUCCESS) {
      throw new IllegalStateException(call + ": " + nvmlErrorString(code).getString());
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("NVML: used after close");
    }
  }

  /** Ends the session; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      check(nvmlShutdown(), "nvmlShutdown");
    }
  }
}
