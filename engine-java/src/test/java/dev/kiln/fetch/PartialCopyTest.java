package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.FaultProxy.Fault;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that were fetched once are not fetched again, unless they or the object changed. */
@Timeout(60)
class PartialCopyTest {
  private static final byte[] OBJECT = new byte[30_000_000];
  private static final ByteRange FIRST = new ByteRange(1_000_000, 100_000);
  private static final ByteRange LARGE = new ByteRange(12_000_000, 17_000_000);

  @TempDir Path directory;
  private RangeServer server;
  private FaultProxy proxy;

  @BeforeEach
  void start() throws Exception {
    new Random(1).nextBytes(OBJECT);
    server = RangeServer.start();
    server.put("w.ckpt", OBJECT);
    proxy = new FaultProxy(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  private PartialCopy open() throws IOException, InterruptedException {
    return PartialCopy.open(
        proxy.endpoint() + "/w.ckpt",
        new StoreOptions(
            Optional.empty(),
            Optional.empty(),
            Identity.standard(),
            new RequestLimits(4, 1, Duration.ofMillis(5), Duration.ofSeconds(10))),
        directory.resolve("copy"));
  }

  private void assertHolds(PartialCopy copy, byte[] object, ByteRange range) throws IOException {
    byte[] bytes = Files.readAllBytes(copy.path());
    assertThat(bytes).hasSameSizeAs(object);
    int from = (int) range.offset();
    int to = (int) range.end();
    assertThat(Arrays.copyOfRange(bytes, from, to)).isEqualTo(Arrays.copyOfRange(object, from, to));
  }

  @Test
  void onlyMissingBytesAreFetched() throws Exception {
    try (PartialCopy copy = open()) {
      assertThat(copy.size()).isEqualTo(OBJECT.length);
      copy.fetch(List.of(FIRST));
      assertHolds(copy, OBJECT, FIRST);
      long before = copy.traffic().bytesRead();
      copy.fetch(List.of(FIRST));
      assertThat(copy.traffic().bytesRead()).isEqualTo(before);
      copy.fetch(List.of(LARGE, FIRST));
      assertHolds(copy, OBJECT, LARGE);
      // The first bytes of the object come with each window.
      assertThat(copy.traffic().bytesRead() - before)
          .isEqualTo(LARGE.length() + ObjectStore.HEAD_BYTES);
    }
    try (PartialCopy copy = open()) {
      assertThat(copy.resumed()).isEqualTo(FIRST.length() + LARGE.length());
      copy.fetch(List.of(FIRST, LARGE));
      assertThat(copy.traffic().bytesRead()).isEqualTo(ObjectStore.HEAD_BYTES);
      copy.delete();
    }
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void brokenFetchIsContinued() throws Exception {
    try (PartialCopy copy = open()) {
      copy.fetch(List.of(LARGE));
      proxy.plan(request -> Fault.RESET);
      assertThatThrownBy(() -> copy.fetch(List.of(FIRST))).isInstanceOf(UnavailableException.class);
    }
    proxy.plan(request -> Fault.NONE);
    try (PartialCopy copy = open()) {
      assertThat(copy.missing(List.of(FIRST, LARGE))).isEqualTo(FIRST.length());
      copy.fetch(List.of(FIRST, LARGE));
      assertHolds(copy, OBJECT, FIRST);
      assertHolds(copy, OBJECT, LARGE);
    }
  }

  @Test
  void damagedBytesAreFetchedAgain() throws Exception {
    try (PartialCopy copy = open()) {
      copy.fetch(List.of(FIRST));
      copy.fetch(List.of(LARGE));
    }
    Path file = directory.resolve("copy");
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) FIRST.offset() + 7]++;
    Files.write(file, bytes);
    // A line that was cut off when the process ended.
    Files.writeString(
        directory.resolve("copy.journal"), "0 99", java.nio.file.StandardOpenOption.APPEND);
    try (PartialCopy copy = open()) {
      assertThat(copy.resumed()).isEqualTo(LARGE.length());
      copy.fetch(List.of(FIRST));
      assertHolds(copy, OBJECT, FIRST);
    }
  }

  @Test
  void otherVersionIsFetchedFromTheStart() throws Exception {
    try (PartialCopy copy = open()) {
      copy.fetch(List.of(FIRST));
    }
    byte[] other = OBJECT.clone();
    other[1_000_005]++;
    server.put("w.ckpt", other);
    try (PartialCopy copy = open()) {
      assertThat(copy.resumed()).isZero();
      copy.fetch(List.of(FIRST));
      assertHolds(copy, other, FIRST);
      server.put("w.ckpt", OBJECT);
      assertThatThrownBy(() -> copy.fetch(List.of(LARGE)))
          .isInstanceOf(ObjectChangedException.class);
    }
  }

  @Test
  void copyHasOneUser() throws Exception {
    try (PartialCopy copy = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("another process fetches it");
      copy.fetch(List.of(FIRST));
    }
  }

  @Test
  void missingObjectLeavesNoFile() throws Exception {
    server.put("w.ckpt", new byte[0]);
    assertThatThrownBy(this::open).isInstanceOf(UnreadableObjectException.class);
    assertThatThrownBy(
            () ->
                PartialCopy.open(
                    server.uri() + "/none", StoreOptions.standard(), directory.resolve("copy")))
        .isInstanceOf(NoSuchFileException.class);
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }
}
