package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.kiln.testing.MemoryStore;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RunCountersTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(RunCounters.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final RunCounters counters = new RunCounters(new FirstScenes(new MemoryStore()));

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  @Test
  void equalItemIdsAreCountedAndLoggedOnce() {
    for (int i = 0; i < 1000; i++) {
      counters.itemId("scene-" + i, "mosaic");
    }
    counters.itemId("other", "other\nid");

    assertThat(counters.decisions()).isEqualTo(Map.of("item-id: not unique in this run", 999L));
    assertThat(lines.list).hasSize(1);
    assertThat(lines.list.get(0).getFormattedMessage())
        .isEqualTo(
            "chip ids are not unique: scenes have the same item id, the report counts them:"
                + " scene=scene-1 id=mosaic");
  }

  @Test
  void differentItemIdsAreNotReported() {
    for (int i = 0; i < 1000; i++) {
      counters.itemId("scene-" + i, "item-" + i);
    }

    assertThat(counters.decisions()).isEmpty();
    assertThat(lines.list).isEmpty();
  }
}
