package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The command lines that stand in {@code deploy} are ones that Kiln takes. */
class DeployedCommandsTest {
  private static final Path DEPLOY = Path.of("../deploy");

  static Stream<List<String>> commands() throws Exception {
    JsonNode batch =
        JsonMapper.shared()
            .readTree(Files.readString(DEPLOY.resolve("aws-batch/submit-job.json")))
            .path("containerOverrides")
            .path("command");
    JsonNode kubernetes =
        new YAMLMapper()
            .readTree(Files.readString(DEPLOY.resolve("kubernetes/job.yaml")))
            .at("/spec/template/spec/containers/0/args");
    return Stream.of(texts(batch), texts(kubernetes));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(node -> texts.add(node.asString()));
    return texts;
  }

  @ParameterizedTest
  @MethodSource("commands")
  void kilnTakesIt(List<String> command) {
    assertThat(command).startsWith("embed", "naip");
    var parsed =
        Kiln.commandLine(Map.of(), List.of(EmbedCommand.class))
            .parseArgs(command.toArray(String[]::new));
    assertThat(parsed.subcommand().hasMatchedOption("--items-per-job")).isTrue();
  }
}
