package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.S3Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lists with pages of ten keys instead of a thousand. */
@Timeout(60)
class S3ListingTest {
  @TempDir Path directory;
  private S3Server server;
  private S3Requests requests;
  private S3Listing listing;
  private final Set<String> there = new HashSet<>();

  @BeforeEach
  void bucket() throws Exception {
    server = S3Server.start(directory);
    server.bucket("bucket");
    requests = new S3Requests(S3Location.parse("s3://bucket"), S3Server.options(server.endpoint()));
    listing = new S3Listing(requests, "bucket", 10);
  }

  @AfterEach
  void close() {
    requests.close();
    server.close();
  }

  private void add(String key) throws Exception {
    Path file = server.bucket("bucket").resolve(key);
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[] {1});
    there.add(key);
  }

  private void check(List<String> keys, int mostRequests) throws Exception {
    Set<String> expected = new HashSet<>(keys);
    expected.retainAll(there);
    long before = requests.traffic().counts().requests();
    assertThat(listing.existing(keys)).isEqualTo(expected);
    assertThat(requests.traffic().counts().requests() - before).isLessThanOrEqualTo(mostRequests);
  }

  @Test
  void keysOfAShardAreListedPageByPage() throws Exception {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String key = "nd/2020/%02d/m_%03d.parquet".formatted(i / 8, i);
      keys.add(key);
      add(key);
    }
    check(keys, 4);
    check(List.of("nd/2020/00/m_000.parquet"), 1);
  }

  @Test
  void otherKeysAreSkipped() throws Exception {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      add("nd/m_%03d.parquet".formatted(i));
      if (i % 50 == 25) {
        keys.add("nd/m_%03d.parquet".formatted(i));
        keys.add("nd/m_%03d.x.parquet".formatted(i));
      }
    }
    check(keys, keys.size());
  }

  @Test
  void neverMoreRequestsThanKeys() throws Exception {
    Random random = new Random(5);
    for (int i = 0; i < 150; i++) {
      add(key(random));
    }
    for (int round = 0; round < 25; round++) {
      Set<String> keys = new HashSet<>();
      for (int i = 0; i < 1 + random.nextInt(40); i++) {
        keys.add(key(random));
      }
      check(List.copyOf(keys), keys.size());
    }
  }

  /** Keys with equal prefixes and suffixes, so that they interleave. */
  private static String key(Random random) {
    return "%c/%s%d.parquet"
        .formatted('a' + random.nextInt(3), "x".repeat(random.nextInt(3)), random.nextInt(100));
  }

  @Test
  void namesOfADirectoryAreCompleteOverSeveralPages() throws Exception {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 25; i++) {
      add("a/name-" + i);
      add("a/directory-%d/file".formatted(i));
      names.add("name-" + i);
      names.add("directory-" + i);
    }
    assertThat(listing.names("a/")).hasSize(50).containsAll(names);
  }
}
