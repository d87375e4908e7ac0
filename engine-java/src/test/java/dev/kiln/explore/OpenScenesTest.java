package dev.kiln.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenScenesTest {
  private final List<String> closed = new ArrayList<>();

  private final class Image implements OpenScenes.Held {
    private final String name;

    Image(String name) {
      this.name = name;
    }

    @Override
    public long heldBytes() {
      return 10;
    }

    @Override
    public void close() {
      closed.add(name);
    }
  }

  private static void use(OpenScenes<Image> scenes, Image image) throws Exception {
    scenes.use(image.name, () -> image, used -> "");
  }

  @Test
  void closesTheSceneThatWasNotUsedForLongest() throws Exception {
    OpenScenes<Image> scenes = new OpenScenes<>(20, 64);
    Image a = new Image("a");
    use(scenes, a);
    use(scenes, new Image("b"));
    use(scenes, a);
    use(scenes, new Image("c"));

    assertThat(closed).containsExactly("b");
    assertThat(scenes.size()).isEqualTo(2);
    scenes.close();
    assertThat(closed).containsExactlyInAnyOrder("b", "a", "c");
  }

  @Test
  void aSceneIsNotClosedWhileItIsUsed() throws Exception {
    OpenScenes<Image> scenes = new OpenScenes<>(1000, 1);

    scenes.use(
        "a",
        () -> new Image("a"),
        a -> {
          try {
            use(scenes, new Image("b"));
            use(scenes, new Image("c"));
          } catch (Exception e) {
            throw new IOException(e);
          }
          assertThat(closed).containsExactly("b");
          scenes.close();
          assertThat(closed).containsExactly("b", "c");
          return "";
        });

    assertThat(closed).containsExactly("b", "c", "a");
    assertThat(scenes.size()).isZero();
    assertThatThrownBy(() -> use(scenes, new Image("d")))
        .isInstanceOf(BadRequestException.class)
        .hasMessage("the server is stopping");
  }

  @Test
  void theLastSceneIsKeptEvenIfItIsTooLarge() throws Exception {
    OpenScenes<Image> scenes = new OpenScenes<>(5, 64);
    use(scenes, new Image("a"));
    assertThat(closed).isEmpty();
    use(scenes, new Image("b"));
    assertThat(closed).containsExactly("a");
  }
}
