package dev.kiln.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BoundedQueueTest {
  private final BoundedQueue<Integer> queue = new BoundedQueue<>("numbers", 2);

  @Test
  void handsOutItemsInOrderAndThenTheEnd() throws Exception {
    queue.put(1);
    queue.put(2);
    queue.close();
    assertThat(queue.take()).contains(1);
    assertThat(queue.take()).contains(2);
    assertThat(queue.take()).isEmpty();
    assertThat(queue.take()).isEmpty();
  }

  @Test
  void putWaitsWhileFull() throws Exception {
    queue.put(1);
    queue.put(2);
    assertThat(queue.fill()).isEqualTo(new BoundedQueue.Fill("numbers", 2, 2));
    CompletableFuture<Void> third = CompletableFuture.runAsync(() -> put(3));
    Thread.sleep(50);
    assertThat(third).isNotDone();
    assertThat(queue.take()).contains(1);
    third.get(10, TimeUnit.SECONDS);
    assertThat(queue.fill().items()).isEqualTo(2);
  }

  private void put(int number) {
    try {
      queue.put(number);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void takeWaitsUntilTheQueueIsClosed() throws Exception {
    CompletableFuture<Boolean> end =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return queue.take().isEmpty();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    Thread.sleep(50);
    assertThat(end).isNotDone();
    queue.close();
    assertThat(end.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void putAfterCloseIsAnError() {
    queue.close();
    assertThatThrownBy(() -> queue.put(1)).hasMessage("queue numbers is closed");
  }

  @Test
  void abandonClosesTheItemsThatAreLeft() throws Exception {
    List<String> closed = new ArrayList<>();
    BoundedQueue<BoundedQueue.Owner> owners = new BoundedQueue<>("owners", 3);
    owners.put(() -> closed.add("a"));
    owners.put(() -> closed.add("b"));
    owners.take().orElseThrow().close();
    owners.abandon();
    assertThat(closed).containsExactly("a", "b");
    assertThat(owners.take()).isEmpty();
  }
}
