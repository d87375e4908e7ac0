package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line over buckets, as a user runs it: output, exit codes, and no secret anywhere. */
@Timeout(300)
class S3EmbedTest {
  private static final String SCENE =
      "nd/2018/100cm/rgbir_cog/47099/m_47099%02d_se_14_1_20180716.tif";
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir static Path directory;
  private static S3Server server;
  private static Path source;
  private Path log;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeAll
  static void archive() throws Exception {
    source = directory.resolve("archive");
    List<String> keys = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      keys.add(SCENE.formatted(i));
      GeoTiffs.naip().size(600, 520).seed(i).write(source.resolve(SCENE.formatted(i)));
    }
    Files.write(source.resolve("scenes.txt"), keys);
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));
    server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
    server.upload(source, "archive");
    server.bucket("embeddings");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void credentials() throws IOException {
    log = Files.createTempFile(directory, "kiln", ".log");
    environment.put("AWS_ACCESS_KEY_ID", S3Server.KEY.id());
    environment.put("AWS_SECRET_ACCESS_KEY", S3Server.KEY.secret());
    environment.put("AWS_SESSION_TOKEN", "");
    environment.put("ENDPOINT_URL", server.endpoint().toString());
    environment.put("ENDPOINT_KEY_ID", S3Server.KEY.id());
    environment.put("ENDPOINT_ACCESS_KEY", S3Server.KEY.secret());
    environment.put("KILN_SOURCE_ENDPOINT", server.endpoint().toString());
  }

  private int kiln(String... arguments) throws Exception {
    return KilnProcess.start(log, environment, List.of(arguments)).waitFor();
  }

  private int embed(String from, String out, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + from + "/scenes.txt",
                "--model=" + directory.resolve("model"),
                "--source=" + from,
                "--out=" + out,
                "--attempts=1",
                "--log=debug",
                "--progress=plain"));
    arguments.addAll(List.of(more));
    return kiln(arguments.toArray(String[]::new));
  }

  private String log() throws IOException {
    return Files.readString(log);
  }

  private static Map<String, byte[]> files(Path root) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        // The name of a report has time and process.
        String name = root.relativize(path).toString().replaceAll("run-.*\\.json$", "run.json");
        files.put(name, Files.readAllBytes(path));
      }
    }
    return files;
  }

  @Test
  void bucketToBucketIsByteForByteALocalRunAndShowsNoSecret() throws Exception {
    Path local = directory.resolve("local");
    assertThat(embed(source.toString(), local.toString())).as(log()).isZero();
    assertThat(embed("s3://archive", "s3://embeddings/clay")).as(log()).isZero();

    Map<String, byte[]> expected = files(local);
    Map<String, byte[]> found = files(server.bucket("embeddings").resolve("clay"));
    assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSize(3);
    expected.forEach(
        (key, bytes) -> {
          if (key.endsWith(".parquet")) {
            assertThat(found.get(key)).as(key).isEqualTo(bytes);
          }
        });
    for (String secret : List.of(S3Server.KEY.secret(), "planted")) {
      assertThat(log()).doesNotContain(secret);
      found.forEach(
          (key, bytes) ->
              assertThat(new String(bytes, StandardCharsets.ISO_8859_1))
                  .as(key)
                  .doesNotContain(secret));
    }

    assertThat(embed("s3://archive", "s3://embeddings/clay")).as(log()).isZero();
    assertThat(log()).contains("0 embedded, 2 finished before");
  }

  @Test
  void wrongSecretIsToBeChangedAndIsNotShown() throws Exception {
    environment.put("AWS_SECRET_ACCESS_KEY", "planted-wrong-key");
    assertThat(embed("s3://archive", "s3://embeddings/wrong"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(log())
        .contains("s3://archive: the credentials are refused (SignatureDoesNotMatch)")
        .doesNotContain("planted");
  }

  @Test
  void outputWithoutCredentialsIsToBeChanged() throws Exception {
    environment.keySet().removeIf(name -> !name.startsWith("KILN_"));
    assertThat(embed(source.toString(), "s3://embeddings/none"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(log()).contains("s3://embeddings: no AWS credentials found: set AWS_PROFILE");
  }

  @Test
  void roleWithoutCredentialsIsATransientError() throws Exception {
    environment.keySet().removeIf(name -> !name.startsWith("KILN_"));
    environment.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/role");
    assertThat(kiln("manifest", "naip", "--manifest=s3://archive/scenes.txt", "-o=none.txt"))
        .isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(log())
        .contains("AWS_CONTAINER_CREDENTIALS_FULL_URI is set but provides no credentials now");
  }

  @Test
  void unreachableOutputIsATransientError() throws Exception {
    environment.put("ENDPOINT_URL", "http://127.0.0.1:1");
    assertThat(embed("s3://archive", "s3://embeddings/x", "--request-attempts=2"))
        .isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(log()).contains("retrying in", "connection refused by 127.0.0.1:1");
  }

  @Test
  void inspectAndDoctorReadBuckets() throws Exception {
    server.upload(directory.resolve("model"), "models");
    environment.put("XDG_CACHE_HOME", directory.resolve("caches").toString());
    assertThat(
            kiln(
                "embed",
                "naip",
                "--scenes=" + source.resolve("scenes.txt"),
                "--model=s3://models",
                "--source=s3://archive",
                "--out=s3://embeddings/inspected"))
        .as(Files.readString(log))
        .isZero();
    try (Stream<Path> copies = Files.list(directory.resolve("caches/kiln/models"))) {
      assertThat(copies).as("models are cached per user").hasSize(1);
    }
    String file = SCENE.formatted(1).replace(".tif", ".parquet");
    assertThat(kiln("inspect", "s3://embeddings/inspected/" + file)).isZero();
    assertThat(Files.readString(log))
        .contains("s3://embeddings/inspected/" + file)
        .contains("rows");
    assertThat(kiln("inspect", "s3://embeddings/inspected/none.parquet"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(Files.readString(log)).contains("no such file: s3://embeddings/inspected/none");
    assertThat(kiln("doctor", "--model=s3://models")).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log)).contains("micro, naip, weights ");
  }
}
