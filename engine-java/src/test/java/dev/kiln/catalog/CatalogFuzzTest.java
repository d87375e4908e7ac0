package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.archive.ItemLine;
import dev.kiln.error.KilnException;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mutated catalogues and files of items end in typed faults only. */
@Timeout(60)
class CatalogFuzzTest {
  private static final int ROUNDS = 400;

  private static final String ITEM =
      "{\"type\":\"Feature\",\"id\":\"i%d\",\"collection\":\"c\",\"bbox\":[0,0,1,1],"
          + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]},"
          + "\"properties\":{\"datetime\":\"2023-01-01T00:00:00Z\",\"eo:cloud_cover\":%d},"
          + "\"assets\":{\"red\":{\"href\":\"./r.tif\",\"type\":\"image/tiff\",\"roles\":[\"data\"]}},"
          + "\"links\":[{\"rel\":\"self\",\"href\":\"https://h.example/i\"}]}";

  @TempDir Path directory;

  private static byte[] mutate(byte[] seed, Random random) {
    byte[] mutated = seed.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(mutated.length);
      switch (random.nextInt(4)) {
        case 0 -> mutated[at] = (byte) random.nextInt(256);
        case 1 -> mutated[at] = (byte) "{}[]\",:0-9\\\n\u0000".charAt(random.nextInt(12));
        case 2 -> mutated = Arrays.copyOf(mutated, Math.max(1, at));
        default -> {
          int length = Math.min(random.nextInt(40), mutated.length - at);
          int to = random.nextInt(mutated.length - length + 1);
          System.arraycopy(mutated, at, mutated, to, length);
        }
      }
    }
    return mutated;
  }

  private void list(Path file) throws IOException {
    ItemQuery query =
        ItemQuery.builder()
            .area(Optional.of(AreaOfInterest.ofBox(0, 0, 1, 1)))
            .datetime(Optional.of(DatetimeRange.parse("2023")))
            .conditions(List.of(PropertyCondition.parse("eo:cloud_cover<9")))
            .build();
    Catalog.open("--stac", file.toString(), StoreOptions.standard(), SourceRules.standard())
        .list(
            query,
            item -> {
              ItemLine.of(item.key(), item.json());
              return "";
            });
  }

  @Test
  void mutatedCatalogsEndInTypedFaults() throws Exception {
    String lines = ITEM.formatted(1, 5) + "\n" + ITEM.formatted(2, 50) + "\n";
    Files.writeString(directory.resolve("items.ndjson"), lines);
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "COPY (SELECT id, collection, unnest(properties), assets, bbox, links FROM"
              + " read_json('%1$s.ndjson')) TO '%1$s.parquet' (FORMAT parquet, COMPRESSION snappy)"
                  .formatted(directory.resolve("items")));
    }
    Files.writeString(
        directory.resolve("catalog.json"),
        "{\"type\":\"Catalog\",\"id\":\"c\",\"links\":[{\"rel\":\"item\",\"href\":\"i.json\"},"
            + "{\"rel\":\"child\",\"href\":\"./catalog.json\"}]}");
    Files.writeString(directory.resolve("i.json"), ITEM.formatted(3, 3));
    Files.writeString(
        directory.resolve("all.json"),
        "{\"type\":\"FeatureCollection\",\"features\":[" + ITEM.formatted(4, 4) + "]}");
    List<String> unexpected = new ArrayList<>();
    for (String name : List.of("items.ndjson", "items.parquet", "catalog.json", "all.json")) {
      byte[] seed = Files.readAllBytes(directory.resolve(name));
      list(directory.resolve(name));
      for (int i = 0; i < ROUNDS; i++) {
        Random random = new Random(31L * i + name.hashCode());
        Path file = directory.resolve("mutated-" + name);
        Files.write(file, mutate(seed, random));
        try {
          list(file);
        } catch (KilnException e) {
          // The content is at fault, so that a later attempt cannot succeed.
          if (!e.getMessage().contains(file.toString())) {
            unexpected.add(name + " " + i + ": no file: " + e);
          }
        } catch (IOException | RuntimeException | Error e) {
          unexpected.add(name + " " + i + ": " + e + " at " + e.getStackTrace()[0]);
        }
      }
    }
    assertThat(unexpected).isEmpty();
  }
}
