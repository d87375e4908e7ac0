package dev.kiln.prove;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.prove.Finding.State;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs checks. One that fails does not stop the others; where no device can be opened all are
 * skipped for that reason.
 */
final class Proof {
  private static final Logger log = LoggerFactory.getLogger(Proof.class);

  private final CudaDriver.Status device;

  /**
   * @param device whether there is one
   */
  Proof(CudaDriver.Status device) {
    this.device = device;
  }

  /** What comes of a check; never throws for it. */
  Finding of(Check check) {
    return device.ready()
        ? run(check)
        : new Finding(check.name(), State.SKIPPED, device.line(), List.of(), 0);
  }

  private static Finding run(Check check) {
    long start = System.nanoTime();
    State state = State.PASSED;
    String reason = "";
    List<Figure> figures = List.of();
    try {
      figures = check.run();
    } catch (SkippedException e) {
      state = State.SKIPPED;
      reason = e.getMessage();
    } catch (DisagreementException e) {
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
    return new Finding(check.name(), state, reason, figures, seconds);
  }
}
