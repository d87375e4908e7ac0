package dev.kiln.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureTest {

  @ParameterizedTest
  @ValueSource(strings = {"micro", "tiny", "small", "base", "large"})
  void knownSizesAreRecognised(String name) {
    Architecture known = Architecture.named(name);
    assertThat(Architecture.of(known.dim(), known.depth(), known.inner(), known.mlpDim()))
        .contains(known);
  }

  @Test
  void releasedSize() {
    assertThat(Architecture.named("large"))
        .isEqualTo(new Architecture("large", 1024, 24, 16, 64, 4096));
  }

  /** 192 also splits into three heads of 64, but Clay's tiny has four of 48. */
  @Test
  void anotherDepthKeepsTheHeadsOfItsWidth() {
    assertThat(Architecture.of(192, 4, 192, 384))
        .contains(new Architecture(Architecture.CUSTOM, 192, 4, 4, 48, 384));
  }

  @Test
  void otherwiseHeadsAre64Wide() {
    assertThat(Architecture.of(512, 8, 640, 1024))
        .contains(new Architecture(Architecture.CUSTOM, 512, 8, 10, 64, 1024));
    assertThat(Architecture.of(512, 8, 100, 1024)).isEmpty();
  }

  @Test
  void unknownName() {
    assertThatThrownBy(() -> Architecture.named("huge"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("huge", "micro, tiny, small, base, large");
  }
}
