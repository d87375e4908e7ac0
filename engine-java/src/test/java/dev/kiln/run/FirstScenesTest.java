package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.FakeEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Options that fit no scene end a run at once; bad scenes do not. */
@Timeout(60)
class FirstScenesTest {
  private static final int SCENES = 40;

  @TempDir Path directory;

  private TestRun run() throws IOException {
    TestRun run = new TestRun(directory);
    for (int i = 1; i <= SCENES; i++) {
      run.scene(i);
    }
    return run;
  }

  private static RunReport embed(TestRun run) throws Exception {
    return run.embed(new FakeEncoder(TestRun.NAIP, 256, 4));
  }

  @Test
  void sourceOneLevelTooHighIsAConfigurationErrorThatNamesTheRightOne() throws Exception {
    TestRun run = run();
    run.wrapSource = right -> ObjectStores.open(directory.toString());
    run.fetchThreads = 1;
    RunReport report = embed(run);
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow())
        .contains("the first 8 scenes", "no such object under " + directory)
        .contains("the object is in " + run.source + ": give that as --source");
    assertThat(report.failures()).hasSize(FirstScenes.COUNT);
  }

  @Test
  void listOfAnotherPlatformIsAConfigurationError() throws Exception {
    TestRun run = run();
    run.keys.replaceAll(key -> key.replace("rgbir_cog/", "").replace(".tif", "/item.json"));
    RunReport report = embed(run);
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow()).contains("platform");
  }

  @Test
  void filesOfAnotherPlatformAreAConfigurationError() throws Exception {
    TestRun run = TestRun.of("landsat-c2l2-sr", directory);
    run().keys.forEach(run.keys::add);
    RunReport report = run.embed(new FakeEncoder(run.platform, 256, 4));
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
  }

  @Test
  void missingNeighboursAreFailedScenes() throws Exception {
    TestRun run = run();
    for (String key : run.keys.subList(0, 20)) {
      Files.delete(run.source.resolve(key));
    }
    RunReport report = embed(run);
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).hasSize(20);
    assertThat(run.files()).hasSize(20);

    // Now all scenes that are left fail for the same reason.
    RunReport again = embed(run);
    assertThat(again.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(again.failures()).hasSize(20);
  }

  @Test
  void sourceThatIsNoDirectoryIsRefusedBeforeTheRun() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    for (Path path : new Path[] {file, directory.resolve("none")}) {
      assertThatThrownBy(
              () ->
                  ObjectStores.openSource(
                      path.toString(), StoreOptions.standard(), SourceRules.standard()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith("--source " + path + ": expected a directory or a bucket, found");
    }
  }
}
