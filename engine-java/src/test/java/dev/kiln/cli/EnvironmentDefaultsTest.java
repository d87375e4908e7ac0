package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

class EnvironmentDefaultsTest {
  @Command(name = "job", mixinStandardHelpOptions = true, version = "job 1")
  static final class Job {
    @Parameters(paramLabel = "PLATFORM")
    String platform;

    @Option(
        names = {"-o", "--out"},
        required = true)
    String out;

    @Option(names = "--items-per-job", defaultValue = "100")
    int itemsPerJob;

    @Option(names = "--batch")
    Integer batch;

    @Option(names = "--index")
    Integer index;

    @Option(names = "--state", split = ",")
    List<String> states;

    @Option(names = "--out-endpoint")
    String endpoint;

    @Option(names = "--access-key", defaultValue = "none")
    String accessKey;

    @Option(names = "--require-gpu")
    boolean requireGpu;
  }

  private final Map<String, String> environment = new HashMap<>(Map.of("KILN_OUT", "vectors"));
  private final Job job = new Job();
  private final EnvironmentDefaults defaults = new EnvironmentDefaults(environment);
  private final CommandLine commandLine = new CommandLine(job).setDefaultValueProvider(defaults);

  private List<String> parse(String... arguments) {
    return ResolvedOptions.describe(commandLine.parseArgs(arguments));
  }

  @Test
  void readsAnOptionFromItsVariable() {
    environment.put("KILN_ITEMS_PER_JOB", "7");
    assertThat(parse("naip"))
        .contains("--items-per-job 7 (environment variable KILN_ITEMS_PER_JOB)");
    assertThat(job.itemsPerJob).isEqualTo(7);
    assertThat(job.out).as("a required option").isEqualTo("vectors");
  }

  @Test
  void prefersTheCommandLine() {
    environment.put("KILN_BATCH", "7");
    assertThat(parse("naip", "--batch", "8")).contains("--batch 8 (command line)");
    assertThat(job.batch).isEqualTo(8);
  }

  @Test
  void prefersTheCommandLineToAVariableThatIsWrong() {
    environment.put("KILN_BATCH", "many");
    assertThat(parse("naip", "--batch", "8")).contains("--batch 8 (command line)");
    assertThatThrownBy(() -> parse("naip"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("'many' is not an int");
  }

  @ParameterizedTest
  @CsvSource({
    "EMBEDDING_BATCH_SIZE, 16, --batch, 16",
    "EMBEDDINGS_BUCKET, my-bucket, --out, s3://my-bucket",
    "LIMIT_TO_STATE, nd, --state, nd",
    "ENDPOINT_URL, http://127.0.0.1:9000, --out-endpoint, http://127.0.0.1:9000",
  })
  void readsNamesOfEarlierScripts(String variable, String set, String option, String value) {
    environment.remove("KILN_OUT");
    environment.putIfAbsent("EMBEDDINGS_BUCKET", "b");
    environment.put(variable, set);
    assertThat(parse("naip"))
        .contains(option + " " + value + " (environment variable " + variable + ")");
  }

  @Test
  void prefersKilnsOwnName() {
    environment.put("EMBEDDINGS_BUCKET", "b");
    assertThat(parse("naip")).contains("--out vectors (environment variable KILN_OUT)");
  }

  @Test
  void takesAnEmptyVariableAsNotSet() {
    environment.put("KILN_BATCH", "");
    environment.put("EMBEDDING_BATCH_SIZE", "9");
    assertThat(parse("naip")).contains("--batch 9 (environment variable EMBEDDING_BATCH_SIZE)");
  }

  @Test
  void splitsLists() {
    environment.put("KILN_STATE", "nd,ca");
    assertThat(parse("naip")).contains("--state nd,ca (environment variable KILN_STATE)");
    assertThat(job.states).containsExactly("nd", "ca");
  }

  @ParameterizedTest
  @CsvSource({"1, true", "true, true", "0, false", "false, false"})
  void readsFlags(String set, boolean value) {
    environment.put("KILN_REQUIRE_GPU", set);
    parse("naip");
    assertThat(job.requireGpu).isEqualTo(value);
  }

  @Test
  void refusesAFlagThatIsNeitherOnNorOff() {
    environment.put("KILN_REQUIRE_GPU", "perhaps");
    assertThatThrownBy(() -> parse("naip"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("'perhaps' is not a boolean");
  }

  @Test
  void describesEachOptionThatHasAValue() {
    assertThat(parse("naip", "--require-gpu"))
        .containsExactly(
            "PLATFORM naip (command line)",
            "--out vectors (environment variable KILN_OUT)",
            "--items-per-job 100 (default)",
            "--access-key *** (default)",
            "--require-gpu true (command line)");
  }

  @Test
  void masksSecrets() {
    environment.put("KILN_ACCESS_KEY", "AKIA1234");
    assertThat(parse("naip")).contains("--access-key *** (environment variable KILN_ACCESS_KEY)");
    assertThat(job.accessKey).isEqualTo("AKIA1234");
  }

  /** Kubernetes sets them for a Service whose name starts with kiln. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "KILN_SERVICE_HOST",
        "KILN_SERVICE_PORT",
        "KILN_SERVICE_PORT_HTTP",
        "KILN_PORT",
        "KILN_PORT_8080_TCP",
        "KILN_PORT_8080_TCP_ADDR",
        "KILN_WEB_APP_SERVICE_HOST",
        "KILN_WEB_APP_PORT_443_TCP_PROTO"
      })
  void ignoresServiceLinksOfKubernetes(String variable) {
    environment.put(variable, "tcp://10.0.0.1:8080");
    defaults.refuseUnknown(commandLine);
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILN_SERVICE", "KILN_PORTS", "KILN_HOST", "KILN_IMPORT"})
  void refusesWhatOnlyLooksLikeAServiceLink(String variable) {
    environment.put(variable, "x");
    assertThatThrownBy(() -> defaults.refuseUnknown(commandLine)).hasMessageContaining(variable);
  }

  @Test
  void refusesUnknownVariablesOfItsOwnPrefixOnly() {
    environment.put("KILN_JAVA_OPTS", "-Xmx1g");
    environment.put("KILN_TENSORRT", "/opt/tensorrt/lib");
    environment.put("KILNS", "2");
    environment.put("BATCHH", "2");
    defaults.refuseUnknown(commandLine);

    environment.put("KILN_BATCHH", "2");
    assertThatThrownBy(() -> defaults.refuseUnknown(commandLine))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "environment variable KILN_BATCHH: no command has an option --batchh;"
                + " correct the name or unset it");
  }

  @Test
  void refusesAVariableForHelp() {
    environment.put("KILN_HELP", "1");
    assertThatThrownBy(() -> defaults.refuseUnknown(commandLine))
        .isInstanceOf(ConfigurationException.class);
    assertThat(commandLine.parseArgs("naip").isUsageHelpRequested()).isFalse();
  }
}
