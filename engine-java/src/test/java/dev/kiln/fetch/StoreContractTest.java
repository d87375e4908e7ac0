package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.ByteRange;
import dev.kiln.testing.AzureServer;
import dev.kiln.testing.GoogleServer;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory, buckets of every cloud and prefixes in them behave the same. */
@ParameterizedClass
@ValueSource(
    strings = {
      "directory",
      "s3://bucket",
      "s3://bucket/a/prefix",
      "gs://bucket",
      "gs://bucket/a/prefix",
      "az://container",
      "az://container@kilntest/a/prefix"
    })
@Timeout(60)
class StoreContractTest {
  @TempDir static Path directory;
  private static S3Server server;
  private static GoogleServer google;
  private static AzureServer azure;

  @Parameter String root;
  private ObjectStore store;

  @BeforeAll
  static void startServer() throws Exception {
    server = S3Server.start(directory);
    server.bucket("bucket");
    google = GoogleServer.start();
    google.container("bucket");
    azure = AzureServer.start();
    azure.container("kilntest/container");
  }

  @AfterAll
  static void stopServer() {
    server.close();
    google.close();
    azure.close();
  }

  @org.junit.jupiter.api.BeforeEach
  void open() {
    store =
        ObjectStores.open(
            root.equals("directory") ? directory.resolve("plain").toString() : root,
            root.startsWith("gs")
                ? GoogleServer.options(google.endpoint())
                : root.startsWith("az")
                    ? AzureServer.options(azure.endpoint())
                    : S3Server.options(server.endpoint()));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] held(SparseObject object, long offset, int length) {
    byte[] got = new byte[length];
    object.buffer().slice(offset, length).get(got);
    return got;
  }

  @Test
  void readsStoredBytes() throws Exception {
    byte[] whole = bytes(5_000_000, 1);
    store.put("x/y z/ü+.bin", whole);
    assertThat(store.read("x/y z/ü+.bin")).isEqualTo(whole);
    try (InputStream in = store.stream("x/y z/ü+.bin")) {
      assertThat(in.readNBytes(100)).isEqualTo(java.util.Arrays.copyOf(whole, 100));
    }
    store.put("x/y z/ü+.bin", new byte[] {7});
    assertThat(store.read("x/y z/ü+.bin")).containsExactly(7);
    store.put("empty", new byte[0]);
    assertThat(store.read("empty")).isEmpty();
    assertThat(store.traffic().bytesWritten()).isEqualTo(5_000_001);
  }

  @Test
  void anObjectWrittenInPiecesAppearsWhenItIsComplete() throws Exception {
    // More than is uploaded with one request, and not a multiple of a part.
    byte[] whole = bytes((40 << 20) + 12_345, 9);
    for (int size : new int[] {0, 1000, whole.length}) {
      String key = "pieces/" + size;
      try (ObjectWriter writer = store.write(key)) {
        for (int at = 0; at < size; at += 3_000_000) {
          writer.write(whole, at, Math.min(3_000_000, size - at));
        }
        assertThat(store.exists(key)).isFalse();
        writer.complete();
      }
      assertThat(store.read(key)).isEqualTo(java.util.Arrays.copyOf(whole, size));
    }
    assertThat(store.list("pieces")).hasSize(3);
  }

  @Test
  void anObjectThatIsNotCompletedNeverAppears() throws Exception {
    byte[] whole = bytes(40 << 20, 10);
    try (ObjectWriter writer = store.write("given-up/o")) {
      writer.write(whole);
    }
    assertThat(store.exists("given-up/o")).isFalse();
    assertThat(store.list("given-up")).isEmpty();
  }

  @Test
  void fetchesRangesAndNothingElse() throws Exception {
    byte[] whole = bytes(30_000_000, 2);
    byte[] small = bytes(1000, 3);
    store.put("large", whole);
    store.put("small", small);
    List<SparseObject> objects = store.open(List.of("large", "small"));
    try (SparseObject large = objects.get(0);
        SparseObject whollyHeld = objects.get(1)) {
      assertThat(large.size()).isEqualTo(whole.length);
      assertThat(large.heldBytes()).isEqualTo(ObjectStore.HEAD_BYTES);
      assertThat(whollyHeld.size()).isEqualTo(1000);
      assertThat(held(whollyHeld, 0, 1000)).isEqualTo(small);

      long before = store.traffic().bytesRead();
      RangePlan plan =
          large.plan(
              List.of(
                  new ByteRange(20_000_000, 9_500_000),
                  new ByteRange(60_000, 10_000),
                  new ByteRange(20_000_000, 10)));
      store.fetch(List.of(plan, whollyHeld.plan(List.of(new ByteRange(0, 1000)))));
      assertThat(plan.needed()).isEqualTo(9_500_000 + 70_000 - ObjectStore.HEAD_BYTES);
      assertThat(store.traffic().bytesRead() - before).isEqualTo(plan.bytes());
      assertThat(large.heldBytes()).isEqualTo(9_500_000 + 70_000);
      assertThat(held(large, 0, 70_000)).isEqualTo(java.util.Arrays.copyOf(whole, 70_000));
      assertThat(held(large, 20_000_000, 9_500_000))
          .isEqualTo(java.util.Arrays.copyOfRange(whole, 20_000_000, 29_500_000));
      assertThat(held(large, 10_000_000, 1000)).containsOnly(0);
    }
  }

  @Test
  void missingBytesAreFetchedOnAccess() throws Exception {
    byte[] whole = bytes(400_000, 4);
    store.put("o", whole);
    try (SparseObject object = store.open(List.of("o")).get(0)) {
      long before = store.traffic().requests();
      byte[] got = new byte[100];
      object.bytes(399_900, 100).get(got);
      assertThat(got).isEqualTo(java.util.Arrays.copyOfRange(whole, 399_900, 400_000));
      object.bytes(100_000, 8).get(new byte[8]);
      object.bytes(100_008, 60_000).get(new byte[60_000]);
      object.bytes(1000, 60_000).get(new byte[60_000]);
      assertThat(store.traffic().requests() - before).isEqualTo(2);
    }
  }

  @Test
  void closedObjectCannotBeRead() throws Exception {
    store.put("o", bytes(10, 5));
    SparseObject object = store.open(List.of("o")).get(0);
    object.close();
    object.close();
    assertThatThrownBy(() -> object.bytes(0, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void changedObjectIsReported() throws Exception {
    store.put("changing", bytes(300_000, 6));
    try (SparseObject object = store.open(List.of("changing")).get(0)) {
      byte[] other = bytes(300_000, 7);
      store.put("changing", other);
      assertThatThrownBy(
              () -> store.fetch(List.of(object.plan(List.of(new ByteRange(0, 300_000))))))
          .isInstanceOf(ObjectChangedException.class)
          .hasMessage(store.uri("changing") + ": the object changed while it was read");
    }
  }

  @Test
  void missingAndEmptyObjectsAreReported() throws Exception {
    store.put("there", bytes(10, 8));
    store.put("hollow", new byte[0]);
    assertThatThrownBy(() -> store.open(List.of("there", "no/such")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(store.uri("no/such") + ": no such object");
    assertThatThrownBy(() -> store.open(List.of("hollow")))
        .isInstanceOf(UnreadableObjectException.class)
        .hasMessage(store.uri("hollow") + ": the object is empty (0 bytes)");
    assertThatThrownBy(() -> store.read("no/such")).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> store.stream("no/such")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void existingReturnsTheKeysOfExistingObjects() throws IOException {
    List<String> keys = new ArrayList<>();
    Set<String> there = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      String key = "out/%02d/scene-%d.parquet".formatted(i / 10, i);
      keys.add(key);
      if (i % 4 != 0) {
        store.put(key, new byte[] {1});
        there.add(key);
      }
    }
    assertThat(store.existing(keys)).isEqualTo(there);
    assertThat(store.existing(List.of())).isEmpty();
    assertThat(store.exists(keys.get(0))).isFalse();
    assertThat(store.exists(keys.get(1))).isTrue();
    assertThat(store.exists("out/00")).isFalse();
  }

  /** Pages of ten keys, as if they were of a thousand. */
  @Test
  void listingsOfManyPagesAreComplete() throws IOException {
    if (!root.startsWith("gs") && !root.startsWith("az")) {
      return; // S3ListingTest does this for S3; a directory has no pages.
    }
    StoreOptions options =
        root.startsWith("gs")
            ? GoogleServer.options(google.endpoint())
            : AzureServer.options(azure.endpoint());
    try (ObjectStore paged = CloudObjectStore.open(root, options, 10)) {
      List<String> keys = new ArrayList<>();
      Set<String> there = new TreeSet<>();
      Set<String> names = new TreeSet<>();
      for (int i = 0; i < 45; i++) {
        String key = "pages/%02d/s&<%d>.parquet".formatted(i, i);
        keys.add(key);
        if (i % 3 != 0) {
          paged.put(key, new byte[] {1});
          there.add(key);
          names.add("%02d".formatted(i));
        }
      }
      assertThat(paged.existing(keys)).isEqualTo(there);
      assertThat(paged.list("pages")).containsExactlyInAnyOrderElementsOf(names);
    }
  }

  @Test
  void listReturnsTheNamesInADirectory() throws IOException {
    store.put("inventory/2024-01-01T00-00Z/manifest.json", new byte[] {1});
    store.put("inventory/2024-02-01T00-00Z/manifest.json", new byte[] {1});
    store.put("inventory/notes", new byte[] {1});
    String[] names = {"2024-01-01T00-00Z", "2024-02-01T00-00Z", "notes"};
    assertThat(store.list("inventory")).containsExactlyInAnyOrder(names);
    assertThat(store.list("inventory/")).containsExactlyInAnyOrder(names);
    assertThat(store.list("nothing")).isEmpty();
  }
}
