package dev.kiln.selftest;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.selftest.CheckResult.State;
import dev.kiln.trace.Trace;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs checks. A failed check does not stop the others. If no device can be opened, all are skipped
 * with that reason.
 */
final class CheckRunner {
  private static final Logger log = LoggerFactory.getLogger(CheckRunner.class);

  private static final int MAX_CAUSES = 5;

  private final CudaDriver.Status device;

  /**
   * Creates a runner.
   *
   * @param device state of the device
   */
  CheckRunner(CudaDriver.Status device) {
    this.device = device;
  }

  /** Runs a check and returns its result; exceptions become results. */
  CheckResult run(Check check) {
    return device.ready()
        ? runOnDevice(check)
        : new CheckResult(check.name(), State.SKIPPED, device.line(), List.of(), 0);
  }

  private static CheckResult runOnDevice(Check check) {
    long start = System.nanoTime();
    State state = State.PASSED;
    String reason = "";
    List<Measurement> measurements = List.of();
    try {
      measurements = Trace.within("check", check.name(), check::run);
    } catch (SkippedException e) {
      state = State.SKIPPED;
      reason = e.getMessage();
    } catch (MismatchException e) {
      state = State.FAILED;
      reason = e.getMessage();
      measurements = e.measurements();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      state = State.FAILED;
      reason = "interrupted";
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      log.debug("check=\"{}\" failed", check.name(), e);
      state = State.FAILED;
      reason = withCauses(e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new CheckResult(check.name(), state, reason, measurements, seconds);
  }

  /** Returns the message, followed by those messages of its causes that are not part of it. */
  private static String withCauses(Throwable failure) {
    StringBuilder text = new StringBuilder(describe(failure));
    int depth = 0;
    for (Throwable cause = failure.getCause();
        cause != null && depth < MAX_CAUSES;
        cause = cause.getCause(), depth++) {
      String described = describe(cause);
      if (!text.toString().contains(described)) {
        text.append("; caused by ").append(cause.getClass().getSimpleName()).append(": ");
        text.append(described);
      }
    }
    return text.toString();
  }

  private static String describe(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
