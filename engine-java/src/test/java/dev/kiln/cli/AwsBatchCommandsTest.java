package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.fetch.ModelCache;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.FakeAwsBatch;
import dev.kiln.testing.FakeAwsBatch.Failure;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands for AWS Batch as a user types them, over an S3 server and a Batch server. */
@Timeout(120)
class AwsBatchCommandsTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir static Path shared;
  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();
  private final Map<String, String> environment = new HashMap<>();
  private FakeAwsBatch batch;
  private S3Server s3;
  private Path bucket;

  @BeforeAll
  static void model() {
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        shared.resolve("model"));
  }

  @BeforeEach
  void start() throws Exception {
    System.setProperty("aws.accessKeyId", S3Server.KEY.id());
    System.setProperty("aws.secretAccessKey", S3Server.KEY.secret());
    batch = FakeAwsBatch.start();
    s3 = S3Server.start(Files.createDirectories(directory.resolve("s3")));
    s3.upload(shared.resolve("model"), "models");
    bucket = s3.bucket("bucket");
    environment.put("KILN_SOURCE_ENDPOINT", s3.endpoint().toString());
    environment.put("ENDPOINT_URL", s3.endpoint().toString());
    environment.put("KILN_AWS_BATCH_ENDPOINT", batch.endpoint().toString());
    environment.put("KILN_REGION", "us-west-2");
  }

  @AfterEach
  void stop() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    batch.close();
    s3.close();
  }

  private int kiln(String... arguments) {
    printed.getBuffer().setLength(0);
    return Kiln.commandLine(
            environment,
            List.of(
                EstimateCommand.class,
                SubmitCommand.class,
                StatusCommand.class,
                RetryCommand.class,
                CancelCommand.class,
                LogsCommand.class,
                EmbedCommand.class))
        .setOut(new PrintWriter(printed, true))
        .setErr(new PrintWriter(printed, true))
        .execute(arguments);
  }

  private String said() {
    return printed.toString();
  }

  private Path scenes(int count) throws IOException {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      keys.add("nd/2018/60cm/rgbir_cog/47099/m_47099%02d_se_14_060_20180716.tif".formatted(i));
    }
    return Files.write(directory.resolve("scenes.txt"), keys);
  }

  private int submit(Path list, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "submit",
                "naip",
                "--scenes=" + list,
                "--model=s3://models",
                "--source=s3://naip-analytic",
                "--out=s3://bucket/clay",
                "--queue=spot",
                "--image=kiln:0.1",
                "--instance=g6e.xlarge",
                "--items-per-job=10"));
    arguments.addAll(List.of(more));
    return kiln(arguments.toArray(String[]::new));
  }

  @Test
  void serviceThatCannotBeReachedIsTransientAndNamed() throws Exception {
    environment.put("KILN_AWS_BATCH_ENDPOINT", "http://127.0.0.1:1");
    environment.put("KILN_REQUEST_ATTEMPTS", "2");
    assertThat(submit(scenes(5))).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said()).contains("connection refused by 127.0.0.1:1");
    assertThat(kiln("status", "01234567-89ab-cdef-0123-456789abcdef"))
        .isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said()).contains("connection refused by 127.0.0.1:1");
    environment.put("ENDPOINT_URL", "http://127.0.0.1:1");
    assertThat(kiln("status", "s3://bucket/clay")).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said()).contains("connection refused by 127.0.0.1:1");
  }

  private static String report(int exitCode, int embedded, String failures) {
    return """
    {"exitCode": %d, "ended": null, "provenance": {"modelHash": "x"},
     "run": {"seconds": 20.0, "scenes": 10, "counts": {"alreadyDone": 0, "embedded": %d, "chips": %d}},
     "failures": [%s]}
    """
        .formatted(exitCode, embedded, embedded * 1813, failures);
  }

  private void put(String key, String text) throws IOException {
    Path directory = Files.createDirectories(this.directory.resolve("upload"));
    Path file = directory.resolve(key);
    Files.createDirectories(file.getParent());
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    s3.upload(directory, "bucket");
    Files.delete(file);
  }

  /** The only submission's id. */
  private String submission() throws IOException {
    try (var files = Files.list(bucket.resolve("clay/_kiln/submissions"))) {
      return files.findFirst().orElseThrow().getFileName().toString().replace(".json", "");
    }
  }

  @Test
  void listsOfWholeUrisAndItemsNeedNoSource() throws Exception {
    String[] arguments = {
      "submit",
      "naip",
      "--scenes=" + scenes(5),
      "--model=s3://models",
      "--out=s3://bucket/clay",
      "--queue=spot",
      "--image=kiln:0.1",
      "--instance=g6e.xlarge"
    };
    assertThat(kiln(arguments)).isEqualTo(ExitCode.USAGE.code());
    assertThat(said())
        .contains("--source: expected a bucket, because the list has keys such as nd/");
    Files.writeString(
        directory.resolve("scenes.txt"), "s3://b/i.json\n{\"id\":\"x\",\"assets\":{}}\n");
    assertThat(kiln(arguments)).as(said()).isZero();
    List<String> child = batch.jobs().get(0).command();
    assertThat(child).contains("--model=s3://models").noneMatch(a -> a.startsWith("--source="));
    Kiln.commandLine(Map.of(), Kiln.COMMANDS).parseArgs(child.toArray(String[]::new));
  }

  @Test
  void listIsSubmittedWatchedAndRetried() throws Exception {
    Path list = scenes(25);
    assertThat(submit(list)).as(said()).isZero();
    String id = submission();
    assertThat(said())
        .contains("submission " + id + ": 25 scenes, 3 children of at most 10", "array of 3");
    assertThat(bucket.resolve("clay/_kiln/lists")).isDirectoryContaining("glob:**.txt.gz");
    assertThat(batch.jobs()).hasSize(1);
    FakeAwsBatch.Job job = batch.jobs().get(0);

    assertThat(submit(list)).as(said()).isZero();
    assertThat(said()).contains("already submitted, no request sent");
    assertThat(batch.jobs()).hasSize(1);

    job.children.put("SUCCEEDED", 1);
    job.children.put("RUNNING", 1);
    job.children.put("FAILED", 1);
    String scene = Files.readAllLines(list).get(3);
    String failure =
        "{\"key\": \"%s\", \"kind\": \"PERMANENT\", \"reason\": \"tile 17 of %s: broken\"}"
            .formatted(scene, scene);
    put("clay/_kiln/" + id + "/shard-00000.json", report(65, 9, failure));
    put("clay/_kiln/" + id + "/shard-00001.json", "{\"state\": \"running\"}");
    assertThat(kiln("status", "s3://bucket/clay")).as(said()).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said())
        .contains(
            "children  running 1, succeeded 1, failed 1",
            "reports   2 of 3 children, 2 attempts: 1 running, ended with exit code 65: 1",
            "9 of 25 done (36.0%), 1 failed, 15 left",
            "1 × tile # of …: broken",
            "for example " + scene,
            "cost      at least $0.",
            "at the rate so far",
            job.id + ":2, exit code 78",
            "--log-group-name /aws/batch/kiln --log-stream-name kiln/default/2");
    assertThat(kiln("status", job.id, "--json")).isEqualTo(ExitCode.TRY_AGAIN.code());
    JsonNode status = JsonMapper.shared().readTree(said());
    assertThat(status.path("runs").path(0).path("scenes").path("done").asInt()).isEqualTo(9);
    assertThat(status.path("runs").path(0).path("active").asBoolean()).isTrue();

    assertThat(kiln("retry", "s3://bucket/clay")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("is still RUNNABLE: wait until it ends");

    job.status = "FAILED";
    job.children.clear();
    for (String done : Files.readAllLines(list).subList(4, 20)) {
      put("clay/" + done.replace(".tif", ".parquet"), "x");
    }
    assertThat(kiln("retry", "s3://bucket/clay", "--dry-run")).as(said()).isZero();
    assertThat(said()).contains("\"operation\" : \"SubmitJob\"");
    assertThat(batch.jobs()).hasSize(1);
    assertThat(kiln("retry", "s3://bucket/clay", "--scenes=" + list)).as(said()).isZero();
    assertThat(said())
        .contains("16 of 25 scenes done, 1 failed permanently", ": 8 scenes, 1 child");
    assertThat(batch.jobs()).hasSize(2);
    FakeAwsBatch.Job again = batch.jobs().get(1);
    assertThat(again.size()).isZero();
    assertThat(again.command()).contains("--index=0");
    assertThat(again.request.path("jobDefinition").asString()).startsWith("kiln-");

    assertThat(kiln("status", "s3://bucket/clay")).as(said()).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said()).contains(", retry of " + id);
    assertThat(kiln("retry", "s3://bucket/clay")).isEqualTo(ExitCode.CONFIGURATION.code());
    again.status = "SUCCEEDED";
    // 9 scenes are done according to the reports, and those of the retry are not reported.
    assertThat(kiln("status", "s3://bucket/clay", "--watch", "--interval=1"))
        .isEqualTo(ExitCode.TRY_AGAIN.code());

    assertThat(kiln("retry", "s3://bucket/clay", "--permanent")).as(said()).isZero();
    assertThat(said()).contains(": 9 scenes, 1 child");
  }

  @Test
  void changedListsAreRefused() throws Exception {
    Path list = scenes(25);
    assertThat(submit(list)).as(said()).isZero();
    batch.jobs().get(0).status = "SUCCEEDED";
    scenes(26);
    assertThat(kiln("retry", "s3://bucket/clay", "--scenes=" + list))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("expected the submitted list of 25 scenes", "found 26 scenes");

    Path stored;
    try (var files = Files.list(bucket.resolve("clay/_kiln/lists"))) {
      stored = files.findFirst().orElseThrow();
    }
    put("clay/_kiln/lists/" + stored.getFileName(), "other.tif\n");
    assertThat(kiln("retry", "s3://bucket/clay")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("changed since the submission").contains("restore it");
    Files.delete(stored);
    assertThat(kiln("retry", "s3://bucket/clay")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("missing since the submission");
  }

  @Test
  void invalidSubmissionsAreOneLine() throws Exception {
    Path list = scenes(3);
    Path empty = Files.writeString(directory.resolve("empty.txt"), "# none\n");
    assertThat(submit(empty)).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("the scene list is empty");
    assertThat(submit(directory.resolve("none"))).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("no such file");
    assertThat(submit(list, "--", "--max-clod", "0.1")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("options of kiln embed: Unknown option", "--max-clod");
    assertThat(submit(list, "--job-role=kiln")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("--job-role: expected a role, arn:aws:iam::", "found kiln");
    assertThat(submit(list, "--queue=no-queue")).isEqualTo(ExitCode.USAGE.code());
    batch.fail("describejobqueues", Failure.DENIED);
    assertThat(submit(list)).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("grant batch:DescribeJobQueues");
    assertThat(batch.jobs()).isEmpty();

    assertThat(
            kiln(
                "submit",
                "sentinel-2-l2a",
                "--scenes=" + list,
                "--model=s3://models",
                "--source=s3://sentinel-cogs",
                "--out=s3://bucket/clay",
                "--queue=spot",
                "--definition=mine"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("expected platform sentinel-2-l2a, found naip");
    assertThat(
            kiln(
                "submit",
                "naip",
                "--scenes=" + list,
                "--model=s3://models",
                "--source=s3://naip-analytic",
                "--out=" + directory,
                "--queue=spot",
                "--image=kiln:0.1",
                "--instance=g6e.xlarge"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("expected s3://BUCKET/");
    assertThat(kiln("status", "s3://bucket/none")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("no run found");
    assertThat(kiln("retry", "s3://bucket/none")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("no submission found");
    assertThat(kiln("status", "01234567-89ab-cdef-0123-456789abcdef"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("unknown to AWS Batch");
  }

  @Test
  void dryRunSendsNothing() throws Exception {
    assertThat(submit(scenes(25), "--dry-run", "--", "--precision", "bf16")).as(said()).isZero();
    JsonNode requests = JsonMapper.shared().readTree(said());
    assertThat(requests)
        .extracting(node -> node.path("operation").asString())
        .containsExactly("RegisterJobDefinition", "PutObject", "SubmitJob");
    assertThat(batch.calls("submitjob") + batch.calls("registerjobdefinition")).isZero();
    assertThat(bucket.resolve("clay")).doesNotExist();
  }

  /** Children do not inherit the environment, so options that are set there are passed on. */
  @Test
  void optionsOfSubmitArePassedToTheChildren() throws Exception {
    environment.put("KILN_PRECISION", "bf16");
    environment.put("KILN_MAX_CLOUD", "0.3");
    environment.put("KILN_MODEL_CACHE", "/home/me/models");
    environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    assertThat(
            submit(
                scenes(25),
                "--requester-pays",
                "--request-attempts=5",
                "--log=warn",
                "--compile-first",
                "--",
                "--max-cloud",
                "0.1"))
        .as(said())
        .isZero();
    List<String> child = batch.jobs().get(1).command();
    assertThat(child)
        .contains(
            "--source-endpoint=" + s3.endpoint(),
            "--out-endpoint=" + s3.endpoint(),
            "--region=us-west-2",
            "--requester-pays=true",
            "--request-attempts=5",
            "--log=warn",
            "--otlp=http://collector:4318",
            "--precision=bf16")
        .containsSequence("--max-cloud", "0.1")
        .doesNotContain("--max-cloud=0.3")
        .noneMatch(
            argument -> argument.contains("/home/me") || argument.contains("batch-endpoint"));
    assertThat(batch.jobs().get(0).command())
        .startsWith("compile")
        .contains("--source-endpoint=" + s3.endpoint(), "--region=us-west-2", "--precision=bf16")
        .noneMatch(argument -> argument.startsWith("--out"));
    // Every child parses its command line.
    Kiln.commandLine(Map.of(), Kiln.COMMANDS).parseArgs(child.toArray(String[]::new));
  }

  @Test
  void tokensOfACollectorAreRefusedUnlessTheyAreGivenToTheChildren() throws Exception {
    environment.put("OTEL_EXPORTER_OTLP_HEADERS", "authorization=planted-secret");
    assertThat(submit(scenes(25), "--dry-run")).as("no metrics: " + said()).isZero();
    environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    assertThat(submit(scenes(25), "--dry-run")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("OTEL_EXPORTER_OTLP_HEADERS").doesNotContain("planted-secret");
    assertThat(submit(scenes(25), "--dry-run", "--env=OTEL_EXPORTER_OTLP_HEADERS=a=b")).isZero();
  }

  @Test
  void secretsAreNotPassedToTheChildren() throws Exception {
    environment.put("ENDPOINT_KEY_ID", "id");
    environment.put("ENDPOINT_ACCESS_KEY", "planted-secret");
    assertThat(submit(scenes(25))).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said())
        .contains("ENDPOINT_KEY_ID: children do not get this key")
        .doesNotContain("planted");
    assertThat(batch.jobs()).isEmpty();
  }

  @Test
  void jobOptionsAreSentAndChecked() throws Exception {
    assertThat(
            submit(
                scenes(25),
                "--tag=team=maps",
                "--tag=cost=7",
                "--share-identifier=research",
                "--scheduling-priority=3",
                "--env=KILN_LOG=debug",
                "--json"))
        .as(said())
        .isZero();
    JsonNode submission = JsonMapper.shared().readTree(said());
    assertThat(submission.path("scenes").asInt()).isEqualTo(25);
    assertThat(submission.path("jobs").path(0).path("jobId").asString())
        .isEqualTo(batch.jobs().get(0).id);
    JsonNode request = batch.jobs().get(0).request;
    assertThat(request.path("tags").path("cost").asString()).isEqualTo("7");
    assertThat(request.path("shareIdentifier").asString()).isEqualTo("research");
    assertThat(request.at("/containerOverrides/environment/0/value").asString()).isEqualTo("debug");
    assertThat(submit(scenes(25), "--env=KILN_LOGG=debug"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("--env: environment variable KILN_LOGG");
  }

  @Test
  void submissionIsCancelledAndItsLogsAreRead() throws Exception {
    assertThat(submit(scenes(25))).as(said()).isZero();
    FakeAwsBatch.Job job = batch.jobs().get(0);
    job.children.put("RUNNING", 2);
    job.children.put("FAILED", 1);
    assertThat(kiln("logs", "s3://bucket/clay", "--lines=1")).as(said()).isZero();
    assertThat(said())
        .contains(job.id + ":2 FAILED", "/aws/batch/kiln", "line 2 of kiln/default/2")
        .doesNotContain("line 1");
    assertThat(kiln("logs", job.id, "--index=0", "--json")).as(said()).isZero();
    assertThat(JsonMapper.shared().readTree(said()).path(0).path("lines")).hasSize(3);
    assertThat(kiln("logs", "s3://bucket/clay", "--index=3"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("--index: expected 0 to 2, found 3");

    assertThat(kiln("cancel", job.id, "--reason=wrong model")).as(said()).isZero();
    assertThat(said()).contains("ended " + job.id, "was RUNNABLE");
    assertThat(batch.terminated()).containsExactly(job.name() + ": wrong model");
    assertThat(kiln("cancel", "s3://bucket/clay")).as(said()).isZero();
    assertThat(said()).contains("no active jobs");
    // What is left can be submitted again.
    assertThat(kiln("retry", "s3://bucket/clay", "--json")).as(said()).isZero();
    assertThat(JsonMapper.shared().readTree(said()).path("scenes").asInt()).isEqualTo(25);
  }

  @Test
  void compilingFirstIsAJobThatTheChildrenWaitFor() throws Exception {
    assertThat(submit(scenes(25), "--dry-run", "--compile-first", "--", "--batch", "32"))
        .as(said())
        .isZero();
    assertThat(said()).contains("-compile\"", "\"compile\"", "\"--batch\"", "\"dependsOn\"");
  }

  @Test
  void plansGoBesideTheModelAndToEveryMachine() throws Exception {
    Path plan = Files.writeString(directory.resolve("naip-256.plan"), "machine code");

    ModelCache.sharePlan("s3://models", S3Server.options(s3.endpoint()), List.of(plan));

    Path copy =
        ModelCache.open(
                "s3://models", S3Server.options(s3.endpoint()), directory.resolve("other-machine"))
            .path();
    assertThat(copy.resolve("plans/naip-256.plan")).hasContent("machine code");
  }

  @Test
  void jobsOfAMachineThatFetchAModelAtOnceShareOneCopy() throws Exception {
    Path cache = directory.resolve("cache");
    Path abandoned = Files.createDirectories(cache.resolve(".copying-1"));
    Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minusSeconds(10_000)));
    List<CompletableFuture<String>> jobs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      jobs.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return ModelCache.open("s3://models", S3Server.options(s3.endpoint()), cache)
                      .hash();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
    }
    for (CompletableFuture<String> job : jobs) {
      assertThat(job.get()).hasSize(64);
    }
    try (var left = Files.list(cache)) {
      assertThat(left.toList()).hasSize(1);
    }
  }

  @Test
  void directoryIsWatchedWithoutAws() throws Exception {
    environment.clear();
    Path out = directory.resolve("out");
    Files.createDirectories(out.resolve("_kiln"));
    Files.writeString(out.resolve("_kiln/shard-00000.json"), report(0, 10, ""));
    Files.writeString(out.resolve("_kiln/shard-00001.json"), "{\"state\": \"running\"}");
    assertThat(kiln("status", out.toString())).isEqualTo(ExitCode.TRY_AGAIN.code());
    assertThat(said())
        .contains(
            "run without a submission",
            "2, 2 attempts: 1 running",
            "10 of 10 done",
            "907 chips/s per running child");
    Files.writeString(out.resolve("_kiln/shard-00002.json"), "no report");
    assertThat(kiln("status", out.toString())).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("shard-00002.json: expected a report of kiln embed");
  }

  @Test
  void modelIsFetchedFromItsBucketOnceAndWhole() throws Exception {
    Path cache = directory.resolve("cache");
    Path list = Files.writeString(directory.resolve("one.txt"), "nd/missing.tif\n");
    String[] embed = {
      "embed",
      "naip",
      "--scenes=" + list,
      "--model=s3://models",
      "--model-cache=" + cache,
      "--source=" + directory,
      "--out=" + directory.resolve("vectors"),
      "--progress=none",
      "--run-name=a1"
    };
    assertThat(kiln(embed)).as(said()).isEqualTo(ExitCode.SCENES_FAILED.code());
    assertThat(directory.resolve("vectors/_kiln/a1")).isDirectoryContaining("glob:**/run-*.json");
    try (var models = Files.list(cache)) {
      assertThat(models.toList()).hasSize(1);
    }
    // The copy serves the next job, though the weights are gone from the bucket.
    Path weights;
    try (var files = Files.list(s3.bucket("models"))) {
      weights = files.filter(f -> !f.toString().matches(".*(json|onnx)")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(weights);
    Files.delete(weights);
    assertThat(kiln(embed)).as(said()).isEqualTo(ExitCode.SCENES_FAILED.code());

    embed[4] = "--model-cache=" + directory.resolve("other");
    assertThat(kiln(embed)).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("--model s3://models: " + weights.getFileName() + " is missing");
    whole[whole.length / 2] ^= 1;
    Path changed = Files.createDirectories(directory.resolve("changed"));
    Files.write(changed.resolve(weights.getFileName()), whole);
    s3.upload(changed, "models");
    assertThat(kiln(embed)).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said())
        .contains("weights.bin: expected SHA-256")
        .contains("copy the whole model there again");
    try (var left = Files.list(directory.resolve("other"))) {
      assertThat(left.toList()).isEmpty();
    }
  }

  @Test
  void estimateIsPrinted() throws Exception {
    Path list = scenes(90);
    assertThat(
            kiln(
                "estimate",
                "--scenes=" + list,
                "--instance=g6e.xlarge,p5.4xlarge",
                "--chips-per-second=g6e.xlarge=400,p5.4xlarge=1000"))
        .as(said())
        .isZero();
    assertThat(said()).contains("90 scenes, 163,170 chips (90 naip", "p5.4xlarge", "assumed");
    assertThat(kiln("estimate", "--scenes=" + list, "--instance=g6e.xlarge"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(said()).contains("unknown rate");
    put("report.json", report(0, 0, ""));
    assertThat(
            kiln(
                "estimate",
                "--scenes=" + list,
                "--instance=g6e.xlarge",
                "--report=s3://bucket/report.json",
                "--json"))
        .isEqualTo(ExitCode.CONFIGURATION.code());
    put("report.json", report(0, 10, ""));
    assertThat(
            kiln(
                "estimate",
                "--scenes=" + list,
                "--instance=g6e.xlarge",
                "--report=s3://bucket/report.json",
                "--json"))
        .as(said())
        .isZero();
    JsonNode estimate = JsonMapper.shared().readTree(said()).path("estimates").path(0);
    assertThat(estimate.path("chipsPerSecond").asDouble()).isEqualTo(906.5);
    // The reports of a directory add up.
    put("reports/shard-00000.json", report(0, 10, ""));
    put("reports/shard-00001.json", report(65, 4, ""));
    assertThat(
            kiln(
                "estimate",
                "--scenes=" + list,
                "--instance=g6e.xlarge",
                "--report=s3://bucket/reports",
                "--json"))
        .as(said())
        .isZero();
    JsonNode sum = JsonMapper.shared().readTree(said());
    assertThat(sum.path("estimates").path(0).path("chipsPerSecond").asDouble())
        .isEqualTo(14 * 1813 / 40.0);
    assertThat(sum.path("workload").path("basis").asString()).startsWith("like 14 scenes");
  }
}
