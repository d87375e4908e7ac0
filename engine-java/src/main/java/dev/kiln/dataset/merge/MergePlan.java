package dev.kiln.dataset.merge;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Sha256;
import dev.kiln.sink.RowSchema;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.locationtech.jts.geom.Envelope;

/** Which sources each partition of a dataset is made of. */
final class MergePlan {
  /** Distance in degrees within which chips of other cells can be duplicates. */
  static final double NEIGHBOURHOOD = 0.1;

  private MergePlan() {}

  /**
   * A partition to make.
   *
   * @param partition to make
   * @param sources whose bounds meet the cell, of the partition's year
   * @param rivals sources whose chips can be preferred to those of the cell; of all years
   * @param fingerprint of everything that decides the bytes of the partition
   */
  record Unit(Partition partition, List<Source> sources, List<Source> rivals, String fingerprint) {}

  /**
   * Refuses sources whose vectors cannot be compared.
   *
   * @throws ConfigurationException if there are such, or files have different columns
   */
  static void requireComparable(List<Source> sources, boolean allowMixed) {
    Map<String, Source> firsts = new HashMap<>();
    for (Source source : sources) {
      Source first = firsts.computeIfAbsent("", k -> source);
      Source same = firsts.computeIfAbsent("platform " + source.platform(), k -> source);
      if (!allowMixed) {
        refuse(
            first,
            source,
            first.footer().signature().differences(source.footer().signature(), false));
        refuse(
            same, source, same.footer().signature().differences(source.footer().signature(), true));
      }
      String columns =
          differences(MergedSchema.of(first.schema()), MergedSchema.of(source.schema()));
      if (!columns.isEmpty()) {
        throw new ConfigurationException(
            "%s and %s have different columns: %s: merge them into datasets of their own"
                .formatted(first.key(), source.key(), columns));
      }
    }
  }

  /** Returns the columns that only one of two schemas has; empty if they are equal. */
  private static String differences(RowSchema first, RowSchema second) {
    if (first.equals(second)) {
      return "";
    }
    List<RowSchema.Column> expected = new ArrayList<>(first.columns());
    List<RowSchema.Column> found = new ArrayList<>(second.columns());
    expected.removeAll(second.columns());
    found.removeAll(first.columns());
    return expected.isEmpty() && found.isEmpty()
        ? "another order, or values that can be missing"
        : "expected %s, found %s".formatted(names(expected), names(found));
  }

  private static String names(List<RowSchema.Column> columns) {
    return columns.isEmpty()
        ? "none more"
        : columns.stream().map(c -> c.name() + " " + c.type()).collect(Collectors.joining(", "));
  }

  private static void refuse(Source first, Source source, String differences) {
    if (!differences.isEmpty()) {
      throw new ConfigurationException(
          "%s cannot be compared with %s: %s: merge them into datasets of their own, or use --allow-mixed"
              .formatted(source.key(), first.key(), differences));
    }
  }

  /** Returns the partitions in their order. */
  static List<Unit> of(Layout layout, List<Source> sources) {
    Map<Partition, List<Source>> members = new TreeMap<>();
    for (Source source : sources) {
      CellGrid grid = layout.grid(source.platform());
      String model = layout.mixed() ? source.footer().signature().label() : "";
      for (CellGrid.Cell cell : cells(grid, source, 0)) {
        for (int year = source.firstYear(); year <= source.lastYear(); year++) {
          members
              .computeIfAbsent(
                  new Partition(source.platform(), year, model, cell, grid.name(cell)),
                  p -> new ArrayList<>())
              .add(source);
        }
      }
    }
    Map<String, List<Source>> rivals =
        layout.duplicates() == Duplicates.Policy.KEEP ? Map.of() : rivals(layout, sources);
    List<Unit> units = new ArrayList<>();
    members.forEach(
        (partition, own) -> {
          List<Source> others = rivals.getOrDefault(place(partition), List.of());
          units.add(new Unit(partition, own, others, fingerprint(layout, partition, own, others)));
        });
    return units;
  }

  private static String place(Partition partition) {
    return partition.platform() + "/" + partition.model() + "/" + partition.cellName();
  }

  private static Map<String, List<Source>> rivals(Layout layout, List<Source> sources) {
    Map<String, List<Source>> rivals = new HashMap<>();
    for (Source source : sources) {
      CellGrid grid = layout.grid(source.platform());
      String model = layout.mixed() ? source.footer().signature().label() : "";
      for (CellGrid.Cell cell : cells(grid, source, NEIGHBOURHOOD)) {
        rivals
            .computeIfAbsent(
                place(new Partition(source.platform(), 0, model, cell, grid.name(cell))),
                k -> new ArrayList<>())
            .add(source);
      }
    }
    return rivals;
  }

  /** Returns the cells that a source's chips can be in. */
  private static Set<CellGrid.Cell> cells(CellGrid grid, Source source, double margin) {
    Set<CellGrid.Cell> cells = new LinkedHashSet<>();
    if (source.centres().isEmpty()) {
      addCells(grid, source.bounds(), margin, cells);
    } else {
      for (double[] centre : source.centres()) {
        addCells(grid, new Envelope(centre[0], centre[0], centre[1], centre[1]), margin, cells);
      }
    }
    return cells;
  }

  private static void addCells(
      CellGrid grid, Envelope bounds, double margin, Set<CellGrid.Cell> cells) {
    CellGrid.Cell from = grid.at(bounds.getMinX() - margin, bounds.getMinY() - margin);
    CellGrid.Cell to = grid.at(bounds.getMaxX() + margin, bounds.getMaxY() + margin);
    for (int row = from.row(); row <= to.row(); row++) {
      for (int column = from.column(); column <= to.column(); column++) {
        cells.add(new CellGrid.Cell(column, row));
      }
    }
  }

  private static String fingerprint(
      Layout layout, Partition partition, List<Source> own, List<Source> rivals) {
    MessageDigest digest = Sha256.digest();
    add(digest, "merge " + layout.version());
    add(digest, partition.directory());
    add(digest, layout.grid(partition.platform()).toString());
    add(digest, layout.fileBytes() + " " + layout.rowGroupRows() + " " + layout.duplicates());
    own.forEach(s -> add(digest, s.key() + " " + s.footerHash()));
    add(digest, "rivals");
    rivals.forEach(s -> add(digest, s.key() + " " + s.footerHash()));
    return Sha256.hex(digest);
  }

  private static void add(MessageDigest digest, String line) {
    digest.update((line + '\n').getBytes(StandardCharsets.UTF_8));
  }
}
