package dev.kiln.dataset.merge;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.FileFault;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.io.Workers;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.RowFile;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  /** Types of columns that a merge reads, or how they start. */
  private static final Map<String, String> TYPES =
      Map.of(
          "chip_id",
          "string",
          "platform",
          "string",
          "datetime",
          "timestamp(micros",
          "cloud",
          "float",
          "nodata",
          "float",
          MergedSchema.VECTORS,
          "list<",
          "bbox",
          "struct");

  private static final int FIRST_YEAR = 1800;
  private static final int LAST_YEAR = 2200;

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
    try (Workers workers = new Workers("footers", threads)) {
      workers.forEach(
          files,
          file -> {
            String key = roots.get(file.root()).keys().get(file.index());
            keys.add(key);
            try {
              Optional<Source> source = read(file, key);
              synchronized (sources) {
                source.ifPresentOrElse(sources::add, empty::incrementAndGet);
              }
            } catch (IOException | RuntimeException e) {
              // Footers and pages of damaged files fail in many ways.
              ReadErrors.requireOfTheFile(e);
              synchronized (faults) {
                faults.add(new FileFault(key, ReadErrors.reason(e)));
              }
            }
            int done = scanned.incrementAndGet();
            if (done % 10_000 == 0) {
              log.info("reading footers: files={} of {}", done, files.size());
            }
          });
    }
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
              side(range(file, "bbox.xmin").min(), 360),
              side(range(file, "bbox.xmax").max(), 360),
              side(range(file, "bbox.ymin").min(), 90),
              side(range(file, "bbox.ymax").max(), 90));
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
              recordedYear(times.min()),
              recordedYear(times.max()),
              bounds,
              bounds.getWidth() > Place.WIDEST_BOX ? SourceRows.centres(file, bytes) : List.of()));
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
    for (RowSchema.Column column : file.schema().columns()) {
      String expected = TYPES.getOrDefault(column.name(), column.type());
      if (!column.type().startsWith(expected)) {
        throw new IOException(
            "column %s: expected type %s, found %s"
                .formatted(column.name(), expected, column.type()));
      }
    }
  }

  private static double side(Object degrees, double most) throws IOException {
    if (degrees instanceof Double number && Math.abs(number) <= most) {
      return number;
    }
    throw new IOException("column bbox: expected a range in degrees, found " + degrees);
  }

  private static int recordedYear(Object micros) throws IOException {
    if (!(micros instanceof Long number)) {
      throw new IOException("column datetime: expected a range of times, found " + micros);
    }
    int year = year(number);
    if (year < FIRST_YEAR || year > LAST_YEAR) {
      throw new IOException(
          "column datetime: expected years from %d to %d, found %d"
              .formatted(FIRST_YEAR, LAST_YEAR, year));
    }
    return year;
  }

  private static RowFile.Range range(RowFile file, String column) throws IOException {
    return file.range(column)
        .orElseThrow(
            () -> new IOException("expected the range of the column " + column + ", found none"));
  }

  private static String platform(RowFile file) throws IOException {
    RowFile.Range range = range(file, "platform");
    Object least = range.min();
    if (!(least instanceof Binary name) || !least.equals(range.max())) {
      throw new IOException("column platform: expected one platform, found several");
    }
    return name.toStringUsingUTF8();
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
              requireObject("emb", emb);
              JsonNode json = requireObject("kiln", kiln);
              return new Source.Footer(kiln, emb, "", Signature.of(json, dim));
            });
    return new Source.Footer(shared.kiln(), shared.emb(), uri, shared.signature());
  }

  private static JsonNode requireObject(String key, String text) {
    JsonNode json;
    try {
      json = JSON.readTree(text);
    } catch (JacksonException e) {
      throw new UncheckedIOException(
          new IOException("footer key " + key + ": expected JSON, found other text", e));
    }
    if (!json.isObject()) {
      throw new UncheckedIOException(
          new IOException("footer key " + key + ": expected a JSON object, found other JSON"));
    }
    return json;
  }
}
