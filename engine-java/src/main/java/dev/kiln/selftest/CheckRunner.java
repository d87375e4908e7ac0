package dev.kiln.selftest;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.selftest.CheckResult.State;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs checks. One that fails does not stop the others; where no device can be opened all are
 * skipped for that reason.
 */
final class CheckRunner {
  private static final Logger log = LoggerFactory.getLogger(CheckRunner.class);

  private final CudaDriver.Status device;

  /**
   * @param device whether there is one
   */
  CheckRunner(CudaDriver.Status device) {
    this.device = device;
  }

  /** What comes of a check; never throws for it. */
  CheckResult of(Check check) {
    return device.ready()
        ? run(check)
        : new CheckResult(check.name(), State.SKIPPED, device.line(), List.of(), 0);
  }

  private static CheckResult run(Check check) {
    long start = System.nanoTime();
    State state = State.PASSED;
    String reason = "";
    List<Measurement> figures = List.of();
    try {
      figures = check.run();
    } catch (SkippedException e) {
      state = State.SKIPPED;
      reason = e.getMessage();
    } catch (MismatchException e) {
      state = State.FAILED;
      reason = e.getMessage();
      figures = e.figures();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      state = State.FAILED;
      reason = "interrupted";
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      log.debug("{}", check.name(), e);
      state = State.FAILED;
      reason = e.getMessage() == null ? e.toString() : e.getMessage();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new CheckResult(check.name(), state, reason, figures, seconds);
  }
}
