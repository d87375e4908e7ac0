package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import java.util.List;
import java.util.Optional;

/**
 * A scene whose headers are open and whose ranges are known.
 *
 * @param scene it
 * @param selection chips that the mask lets through; empty without a mask
 * @param plan ranges of the chips; empty if the mask lets none through
 * @param names names of the objects that are read
 * @param objects with their headers; owned
 * @param maskBytes bytes that were fetched of the mask
 */
record PlannedScene(
    Scene scene,
    Optional<ChipSelection> selection,
    Optional<ScenePlan> plan,
    List<String> names,
    List<SparseObject> objects,
    long maskBytes)
    implements AutoCloseable {

  /** Returns the chips to read. */
  long chips() {
    return plan.map(ranges -> (long) ranges.surviving().cardinality()).orElse(0L);
  }

  /** Returns the bytes of headers, mask and the ranges to fetch. */
  long bytes() {
    long bytes = maskBytes + objects.stream().mapToLong(SparseObject::heldBytes).sum();
    if (plan.isPresent()) {
      for (int i = 0; i < plan.get().sections().size(); i++) {
        bytes += plan.get().ranges(i).stream().mapToLong(RangePlan::bytes).sum();
      }
    }
    return bytes;
  }

  @Override
  public void close() {
    objects.forEach(SparseObject::close);
  }
}
