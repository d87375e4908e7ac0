package dev.kiln.prove;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.prove.Finding.State;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs checks one after the other. One that fails does not stop the others; where no device can be
 * opened all are skipped for that reason.
 */
final class Proof {
  private static final Logger log = LoggerFactory.getLogger(Proof.class);

  private final CudaDriver.Status device;
  private final Consumer<Finding> watcher;

  /**
   * @param device whether there is one
   * @param watcher is told of each finding at once
   */
  Proof(CudaDriver.Status device, Consumer<Finding> watcher) {
    this.device = device;
    this.watcher = watcher;
  }

  /** What came of the checks, in their order. */
  List<Finding> of(List<Check> checks) {
    List<Finding> findings = new ArrayList<>();
    for (Check check : checks) {
      Finding finding =
          device.ready()
              ? run(check)
              : new Finding(check.name(), State.SKIPPED, device.line(), List.of(), 0);
      watcher.accept(finding);
      findings.add(finding);
    }
    return findings;
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
