package dev.kiln.gdal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GdalTest {
  @Test
  void loadsOnceAndSaysItsVersion() {
    String version = Gdal.load();

    assertThat(version).matches("3\\.\\d+\\.\\d+.*");
    assertThat(Gdal.load()).isSameAs(version);
  }
}
