package dev.kiln.dataset.merge;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.FileFault;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.RowBlock;
import dev.kiln.sink.RowFile;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.parquet.io.api.Binary;
import org.locationtech.jts.geom.Envelope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the footers of all files of the outputs. */
final class SourceScan {
  private static final Logger log = LoggerFactory.getLogger(SourceScan.class);
  private static final JsonMapper JSON = JsonMapper.shared();

  /** Columns that a merge needs to know. */
  private static final List<String> REQUIRED =
      List.of(
          "chip_id",
          "platform",
          "datetime",
          "cloud",
          "nodata",
          MergedSchema.VECTORS,
          "geometry",
          "bbox.xmin",
          "bbox.ymin",
          "bbox.xmax",
          "bbox.ymax");

  private final List<EmbeddingFiles> roots;
  private final Map<String, Source.Footer> footers = new ConcurrentHashMap<>();
  private final Map<RowSchema, RowSchema> schemas = new ConcurrentHashMap<>();
  private final AtomicInteger scanned = new AtomicInteger();

  private SourceScan(List<EmbeddingFiles> roots) {
    this.roots = roots;
  }

  /**
   * What was found.
   *
   * @param sources with rows, by key
   * @param faults files that cannot be read
   * @param empty number of files without rows
   * @param keys of all files
   */
  record Result(List<Source> sources, List<FileFault> faults, long empty, Set<String> keys) {}

  /**
   * Scans outputs.
   *
   * @param roots borrowed
   * @param threads number of files read at once
   */
  static Result of(List<EmbeddingFiles> roots, int threads)
      throws IOException, InterruptedException {
    return new SourceScan(roots).scan(threads);
  }

  private record File(int root, int index) {}

  private Result scan(int threads) throws IOException, InterruptedException {
    List<File> files = new ArrayList<>();
    for (int r = 0; r < roots.size(); r++) {
      for (int f = 0; f < roots.get(r).keys().size(); f++) {
        files.add(new File(r, f));
      }
    }
    Set<String> keys = ConcurrentHashMap.newKeySet();
    List<Source> sources = new ArrayList<>();
    List<FileFault> faults = new ArrayList<>();
    AtomicInteger empty = new AtomicInteger();
    new Workers(threads)
        .forEach(
            files,
            file -> {
              String key = roots.get(file.root()).keys().get(file.index());
              keys.add(key);
              try {
                Optional<Source> source = read(file, key);
                synchronized (sources) {
                  source.ifPresentOrElse(sources::add, empty::incrementAndGet);
                }
              } catch (IOException e) {
                if (Faults.isOfTheStore(e)) {
                  throw e;
                }
                synchronized (faults) {
                  faults.add(new FileFault(key, Faults.reason(e)));
                }
              }
              int done = scanned.incrementAndGet();
              if (done % 10_000 == 0) {
                log.info("reading footers: files={} of {}", done, files.size());
              }
            });
    sources.sort(
        (a, b) ->
            a.key().equals(b.key())
                ? Integer.compare(a.root(), b.root())
                : a.key().compareTo(b.key()));
    faults.sort((a, b) -> a.key().compareTo(b.key()));
    return new Result(List.copyOf(sources), List.copyOf(faults), empty.get(), Set.copyOf(keys));
  }

  private Optional<Source> read(File at, String key) throws IOException {
    try (ParquetBytes bytes = roots.get(at.root()).open(at.index())) {
      RowFile file = RowFile.open(bytes);
      requireColumns(file);
      if (file.rows() == 0) {
        return Optional.empty();
      }
      long values = file.valueCount(MergedSchema.VECTOR_VALUES);
      if (values % file.rows() != 0) {
        throw new IOException(
            "expected vectors of one length, found %d values in %d rows"
                .formatted(values, file.rows()));
      }
      int dim = Math.toIntExact(values / file.rows());
      Envelope bounds =
          new Envelope(
              range(file, "bbox.xmin").low(),
              range(file, "bbox.xmax").high(),
              range(file, "bbox.ymin").low(),
              range(file, "bbox.ymax").high());
      RowFile.Range times = range(file, "datetime");
      return Optional.of(
          new Source(
              at.root(),
              at.index(),
              key,
              bytes.size(),
              file.rows(),
              file.footerHash(),
              footer(file, dim),
              schemas.computeIfAbsent(file.schema(), s -> s),
              dim,
              platform(file),
              year((long) times.low()),
              year((long) times.high()),
              bounds,
              bounds.getWidth() > Place.WIDEST_BOX ? centres(file, bytes) : List.of()));
    }
  }

  private static void requireColumns(RowFile file) throws IOException {
    List<String> paths = file.schema().paths();
    for (String required : REQUIRED) {
      if (paths.stream().noneMatch(p -> p.equals(required) || p.startsWith(required + "."))) {
        throw new IOException(
            "expected a file of kiln embed, found one without the column " + required);
      }
    }
  }

  private static RowFile.Range range(RowFile file, String column) throws IOException {
    return file.range(column)
        .orElseThrow(
            () -> new IOException("expected the range of the column " + column + ", found none"));
  }

  private static String platform(RowFile file) throws IOException {
    RowFile.Range range = range(file, "platform");
    if (!range.min().equals(range.max())) {
      throw new IOException("expected one platform, found several");
    }
    return ((Binary) (Object) range.min()).toStringUsingUTF8();
  }

  static int year(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).atZone(ZoneOffset.UTC).getYear();
  }

  private Source.Footer footer(RowFile file, int dim) throws IOException {
    Map<String, String> pairs = file.footer();
    String kiln = pairs.get("kiln");
    if (kiln == null) {
      throw new IOException("expected a file of kiln embed, found another Parquet file");
    }
    String emb = pairs.getOrDefault("emb", "{}");
    String uri = pairs.getOrDefault("uri", "");
    Source.Footer shared =
        footers.computeIfAbsent(
            kiln + '\n' + emb + '\n' + dim,
            k -> {
              try {
                JsonNode json = JSON.readTree(kiln);
                return new Source.Footer(kiln, emb, "", Signature.of(json, dim));
              } catch (JacksonException e) {
                return new Source.Footer(kiln, emb, "", null);
              }
            });
    if (shared.signature() == null) {
      throw new IOException("expected JSON under the footer key kiln, found none");
    }
    return new Source.Footer(shared.kiln(), shared.emb(), uri, shared.signature());
  }

  private static List<double[]> centres(RowFile file, ParquetBytes bytes) throws IOException {
    List<double[]> centres = new ArrayList<>();
    for (int g = 0; g < file.rowGroups(); g++) {
      RowBlock block =
          file.read(g, bytes, path -> path.startsWith("bbox.") || path.equals("geometry"));
      for (int row = 0; row < block.rows(); row++) {
        Place place = Place.of(block, row);
        centres.add(new double[] {place.lon(), place.lat()});
      }
    }
    return List.copyOf(centres);
  }
}
