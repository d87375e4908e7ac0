package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fixtures that are not in the repository. Tests that need them are skipped without them; in CI
 * ({@code CI=true}) their absence is an error, reported here.
 */
class SharedFixturesTest {
  private static final Path SHARED = Path.of(System.getProperty("kiln.shared"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "golden/clay-tiny.ckpt",
        "golden/naip-real-256",
        "golden/scenes/naip",
        "golden/scenes/sentinel-2-l2a",
        "samples/naip-analytic",
        "samples/sentinel-cogs",
        "samples/sentinel-cogs-inventory"
      })
  void fixtureExistsInCi(String path) {
    Path fixture = SHARED.resolve(path).normalize();
    assumeTrue(
        Files.exists(fixture) || "true".equals(System.getenv("CI")),
        "SKIPPED: no " + fixture + "; tests that need it are skipped");
    assertThat(fixture).as("shared fixture, see docs/internals/testing.md").exists();
  }

  /** A fresh clone has the golden cases of the micro model. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "naip-60cm-256",
        "sentinel-2-l2a-256",
        "landsat-c2l2-sr-128",
        "sentinel-1-rtc-128"
      })
  void microCaseIsInTheRepository(String name) {
    Path micro = Path.of("../model-export/src/test/resources/golden/micro");
    assertThat(micro.resolve("clay-micro.ckpt")).isNotEmptyFile();
    assertThat(micro.resolve(name).resolve("cls.npy")).isNotEmptyFile();
  }
}
