package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.S3Server;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Options and variables for access to buckets. */
@Timeout(60)
class S3FlagsTest {
  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private final Map<String, String> environment = new HashMap<>();

  /** A command with all flags. */
  @Command
  static final class Flags {
    @Mixin S3Flags store;
    @Mixin OutputS3Flags out;
  }

  private static Flags parse(String... arguments) {
    Flags flags = new Flags();
    new CommandLine(flags).parseArgs(arguments);
    return flags;
  }

  @Test
  void sourceAndOutputHaveTheirOwnEndpoints() {
    Flags flags =
        parse(
            "--source-endpoint=http://a:1",
            "--out-endpoint=https://b",
            "--region=eu-west-1",
            "--requester-pays",
            "--connections=5",
            "--request-attempts=3",
            "--network-timeout=7");
    StoreOptions source = flags.store.source();
    assertThat(source.endpoint()).contains(URI.create("http://a:1"));
    assertThat(source.region()).contains("eu-west-1");
    assertThat(source.identity().signing()).isEqualTo(Identity.Signing.IF_POSSIBLE);
    assertThat(source.identity().requesterPays()).isTrue();
    assertThat(source.limits().connections()).isEqualTo(5);
    assertThat(source.limits().attempts()).isEqualTo(3);
    assertThat(source.limits().stallLimit()).isEqualTo(Duration.ofSeconds(7));

    StoreOptions out =
        flags.out.options(
            flags.store, Map.of("ENDPOINT_KEY_ID", "id", "ENDPOINT_ACCESS_KEY", "planted"));
    assertThat(out.endpoint()).contains(URI.create("https://b"));
    assertThat(out.identity().signing()).isEqualTo(Identity.Signing.REQUIRED);
    assertThat(out.identity().requesterPays()).isFalse();
    assertThat(out.identity().accessKey().orElseThrow().id()).isEqualTo("id");
    assertThat(out.toString()).doesNotContain("planted");
    assertThat(source.identity().accessKey()).isEmpty();
  }

  @Test
  void halfAKeyIsRejected() {
    Flags flags = parse();
    assertThatThrownBy(() -> flags.out.options(flags.store, Map.of("ENDPOINT_KEY_ID", "planted")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("ENDPOINT_KEY_ID is set without ENDPOINT_ACCESS_KEY: set both or none");
    assertThat(flags.out.options(flags.store, Map.of()).identity().accessKey()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://user:planted@host",
        "https://host/planted",
        "https://host?planted",
        "ftp://planted",
        "planted",
        "http://planted host"
      })
  void invalidEndpointIsRejectedAndNotRepeated(String url) {
    Flags flags = parse("--source-endpoint=" + url);
    assertThatThrownBy(flags.store::source)
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--source-endpoint: expected the URL of a service")
        .hasMessageNotContaining("planted");
  }

  @Test
  void limitsOutOfRangeAreRejected() {
    assertThatThrownBy(() -> parse("--network-timeout=1").store.source())
        .hasMessage("--network-timeout: expected 2 or more, found 1");
    assertThatThrownBy(() -> parse("--connections=0").store.source())
        .hasMessageContaining("--connections: expected 1 or more, found 0");
    assertThatThrownBy(() -> parse("--anonymous", "--requester-pays").store.source())
        .hasMessageContaining("anonymous requests cannot be billed");
  }

  @Test
  void optionsAreShownWithoutCredentialsInUrls() {
    Flags flags = new Flags();
    CommandLine line = new CommandLine(flags);
    assertThat(
            ResolvedOptions.describe(line.parseArgs("--out-endpoint=http://user:planted@host:9")))
        .contains("--out-endpoint http://***@host:9 (command line)");
  }

  @BeforeEach
  void credentials() {
    System.setProperty("aws.accessKeyId", S3Server.KEY.id());
    System.setProperty("aws.secretAccessKey", S3Server.KEY.secret());
  }

  @AfterEach
  void noCredentials() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }

  private int kiln(String... arguments) {
    printed.getBuffer().setLength(0);
    return Kiln.commandLine(
            environment, List.of(ManifestCommand.class, EmbedCommand.class, DoctorCommand.class))
        .setOut(new PrintWriter(printed, true))
        .setErr(new PrintWriter(printed, true))
        .execute(arguments);
  }

  @Test
  void commandsReadFromBuckets() throws Exception {
    String scene = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif\n";
    Files.writeString(
        Files.createDirectories(directory.resolve("files")).resolve("list.txt"), scene);
    try (S3Server server = S3Server.start(Files.createDirectories(directory.resolve("s3")))) {
      server.upload(directory.resolve("files"), "archive");
      server.bucket("embeddings");
      environment.put("KILN_SOURCE_ENDPOINT", server.endpoint().toString());
      environment.put("ENDPOINT_URL", server.endpoint().toString());

      Path list = directory.resolve("scenes.txt");
      assertThat(
              kiln("manifest", "naip", "--manifest=s3://archive/list.txt", "-o", list.toString()))
          .as(printed.toString())
          .isZero();
      assertThat(Files.readString(list)).isEqualTo(scene);
      assertThat(kiln("manifest", "naip", "--manifest=s3://archive/none", "-o", list.toString()))
          .isEqualTo(ExitCode.CONFIGURATION.code());
      assertThat(printed.toString()).contains("--manifest s3://archive/none: no such file");

      assertThat(kiln("doctor", "--source=s3://archive", "--out=s3://embeddings/d"))
          .as(printed.toString())
          .isZero();
      assertThat(printed.toString())
          .contains("s3://archive can be read with credentials: first bytes of list.txt after")
          .contains("s3://embeddings/d/_kiln/doctor.json was written with credentials");

      assertThat(kiln("doctor", "--source=s3://nowhere", "--out=s3://nowhere"))
          .isEqualTo(ExitCode.CONFIGURATION.code());
      assertThat(printed.toString())
          .contains("source", "out", "s3://nowhere: no such bucket: correct its name");
    }
  }
}
