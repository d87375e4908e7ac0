package dev.kiln.dataset.merge;

import dev.kiln.sink.RowSchema;
import java.util.List;
import org.locationtech.jts.geom.Envelope;

/**
 * A file of {@code kiln embed}, as its footer describes it.
 *
 * @param root index of the output that it is in
 * @param file index in that output
 * @param key in that output
 * @param bytes of the file
 * @param rows of the file; at least one
 * @param footerHash SHA-256 of the footer, which changes with the content
 * @param footer key-value pairs that the dataset keeps
 * @param schema of its columns
 * @param dim length of an embedding
 * @param platform of all rows
 * @param firstYear year of the earliest row, UTC
 * @param lastYear year of the latest row
 * @param bounds of the boxes of all rows
 * @param centres longitude and latitude of each row's centre, where the bounds say nothing because
 *     a chip crosses the antimeridian; else empty
 */
record Source(
    int root,
    int file,
    String key,
    long bytes,
    long rows,
    String footerHash,
    Footer footer,
    RowSchema schema,
    int dim,
    String platform,
    int firstYear,
    int lastYear,
    Envelope bounds,
    List<double[]> centres) {

  /**
   * Key-value pairs of the footer.
   *
   * @param kiln model, options and decisions, JSON
   * @param emb fields of the STAC Embedding extension, JSON
   * @param uri where the archive stores the scene
   * @param signature what must be the same in a partition
   */
  record Footer(String kiln, String emb, String uri, Signature signature) {}
}
