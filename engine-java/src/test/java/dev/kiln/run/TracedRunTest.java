package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.trace.Trace;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ranges that a profiler receives from a run. */
@Timeout(60)
class TracedRunTest {
  @TempDir Path directory;

  /** Ranges that are open on each thread. */
  private final Map<Thread, Deque<String>> open = new ConcurrentHashMap<>();

  private final List<String> ended = new CopyOnWriteArrayList<>();

  @AfterEach
  void off() {
    Trace.to(null);
  }

  @Test
  void everySceneAndBatchHasItsRanges() throws Exception {
    Trace.to(
        new Trace.Sink() {
          @Override
          public void begin(String name) {
            open.computeIfAbsent(Thread.currentThread(), t -> new ArrayDeque<>()).push(name);
          }

          @Override
          public void end() {
            ended.add(open.get(Thread.currentThread()).pop());
          }
        });
    TestRun run = new TestRun(directory).scene(1).scene(2);
    FakeEncoder encoder = new FakeEncoder(TestRun.NAIP, 256, 5);
    assertThat(run.embed(encoder).exitCode()).isEqualTo(ExitCode.DONE);
    for (String key : run.keys) {
      assertThat(ended).contains("fetch " + key, "decode " + key, "fill " + key, "write " + key);
    }
    assertThat(ended)
        .filteredOn(name -> name.startsWith("encode"))
        .containsExactly("encode 5", "encode 3");
    assertThat(open.values()).allSatisfy(left -> assertThat(left).isEmpty());
  }
}
