package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FailedSceneTest {
  private static String found(String object) {
    return new FailedScene("item.json", FailedScene.Kind.PERMANENT, object, "tile 3").description();
  }

  @Test
  void whatWasFoundNamesTheBandsFileUnlessTheSceneIsOneFile() {
    assertThat(found("B04.tif")).isEqualTo("B04.tif: tile 3");
    assertThat(found("item.json")).isEqualTo("tile 3");
  }
}
