package dev.kiln.benchmarks;

import dev.kiln.search.IndexBuilder;
import java.util.List;

/**
 * Building the index of a {@link SearchDataset} once, reading included.
 *
 * @param workplace that has the dataset
 */
record IndexRate(Workplace workplace) implements Case.Sampler {
  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    SearchDataset dataset = workplace.searchDataset();
    long cpu = CoreTime.nanos();
    IndexBuilder.Report report = dataset.index();
    if (report.rows() != dataset.rows()) {
      throw new IllegalStateException(
          "index: expected %d rows, found %d".formatted(dataset.rows(), report.rows()));
    }
    return List.of(Case.Sample.of(report.rows(), report.seconds(), (CoreTime.nanos() - cpu) / 1e9));
  }
}
