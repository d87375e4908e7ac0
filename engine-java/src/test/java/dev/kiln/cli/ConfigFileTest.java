package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class ConfigFileTest {
  @Command(
      name = "kiln",
      subcommands = {Job.class, Task.class})
  static final class Root {}

  @Command(name = "job")
  static final class Job {
    @Option(names = "--batch", defaultValue = "1")
    int batch;

    @Option(names = "--require-gpu")
    boolean requireGpu;
  }

  @Command(name = "task")
  static final class Task {
    @Option(names = "--batch", defaultValue = "1")
    int batch;
  }

  @TempDir Path directory;
  private final Map<String, String> environment = new HashMap<>();

  private ConfigFile file(String... lines) throws IOException {
    return ConfigFile.read(
        Files.write(directory.resolve("kiln.properties"), List.of(lines)),
        Optional.ofNullable(environment.get("KILN_PROFILE")));
  }

  private String batch(ConfigFile config, String... arguments) {
    EnvironmentDefaults defaults = new EnvironmentDefaults(environment, config);
    CommandLine root = new CommandLine(new Root()).setDefaultValueProvider(defaults);
    return ResolvedOptions.describe(root.parseArgs(arguments)).stream()
        .filter(line -> line.startsWith("--batch"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void precedenceIsCommandLineEnvironmentProfileCommandFileDefault() throws IOException {
    String[] lines = {"batch=2", "job.batch=3", "%prod.batch=4", "%prod.job.batch=5"};
    String path = directory.resolve("kiln.properties").toString();
    assertThat(batch(ConfigFile.none(), "job")).isEqualTo("--batch 1 (default)");
    assertThat(batch(file("batch=2"), "job")).isEqualTo("--batch 2 (batch in " + path + ")");
    assertThat(batch(file(lines), "task")).isEqualTo("--batch 2 (batch in " + path + ")");
    assertThat(batch(file(lines), "job")).isEqualTo("--batch 3 (job.batch in " + path + ")");
    environment.put("KILN_PROFILE", "prod");
    assertThat(batch(file(lines), "task")).isEqualTo("--batch 4 (%prod.batch in " + path + ")");
    assertThat(batch(file(lines), "job")).isEqualTo("--batch 5 (%prod.job.batch in " + path + ")");
    environment.put("KILN_BATCH", "6");
    assertThat(batch(file(lines), "job")).isEqualTo("--batch 6 (environment variable KILN_BATCH)");
    assertThat(batch(file(lines), "job", "--batch=7")).isEqualTo("--batch 7 (command line)");
  }

  @Test
  void flagsAreSwitchedOnAndOff() throws IOException {
    Job job = new Job();
    CommandLine line = new CommandLine(job);
    line.setDefaultValueProvider(new EnvironmentDefaults(Map.of(), file("require-gpu=1")));
    line.parseArgs();
    assertThat(job.requireGpu).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "batsh, batch",
    "job.require_gpu, job.require-gpu",
    "%prod.task.require-gpu, job.require-gpu",
    "%prod.tsk.batch, task.batch",
  })
  void unknownKeysAreRefusedWithASuggestion(String key, String suggestion) throws IOException {
    ConfigFile file = file("batch=2", key + "=1");
    assertThatThrownBy(() -> file.refuseUnknown(new CommandLine(new Root())))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("kiln.properties: key " + key)
        .hasMessageEndingWith("the most similar is " + suggestion);
  }

  @Test
  void unknownProfileIsRefusedAndNamesTheOthers() {
    environment.put("KILN_PROFILE", "prud");
    assertThatThrownBy(() -> file("%prod.batch=1", "%test.batch=2"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--profile prud", "(prod, test)");
  }

  @Test
  void fileIsTheOneOfTheOptionElseTheVariableElseTheUsersOwn() throws IOException {
    Path home = Files.createDirectories(directory.resolve("home/.config/kiln"));
    Files.writeString(home.resolve("kiln.properties"), "batch=10\n");
    Path other = Files.writeString(directory.resolve("other"), "batch=11\n");
    Path third = Files.writeString(directory.resolve("third"), "batch=12\n");
    environment.put("HOME", directory.resolve("home").toString());
    assertThat(batch(ConfigFile.find(new String[] {"job"}, environment), "job"))
        .startsWith("--batch 10 ");
    environment.put("KILN_CONFIG", other.toString());
    assertThat(batch(ConfigFile.find(new String[] {"job"}, environment), "job"))
        .startsWith("--batch 11 ");
    String[] arguments = {"job", "--config", third.toString()};
    assertThat(batch(ConfigFile.find(arguments, environment), "job")).startsWith("--batch 12 ");
    environment.put("KILN_CONFIG", directory.resolve("none").toString());
    assertThatThrownBy(() -> ConfigFile.find(new String[] {"job"}, environment))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageEndingWith("none: no such file");
  }
}
