package dev.kiln.infer;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** The CPU or GPU that an encoder computes on. */
public interface EncoderDevice {
  /** {@return the name for people, such as "CPU, AVX2, 8 threads" or "NVIDIA H100"} */
  String name();

  /** {@return the size of the device's own memory in bytes; empty if it uses host memory} */
  OptionalLong memory();

  /**
   * {@return the energy used since an arbitrary fixed moment, in joules; empty if the device does
   * not measure its own}
   */
  OptionalDouble joules();

  /**
   * {@return the CPU as a device: it uses host memory, and its energy is measured per machine}
   *
   * @param name the name for people
   */
  static EncoderDevice cpu(String name) {
    return new EncoderDevice() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public OptionalLong memory() {
        return OptionalLong.empty();
      }

      @Override
      public OptionalDouble joules() {
        return OptionalDouble.empty();
      }
    };
  }
}
