package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.testing.FakeAwsBatch;
import dev.kiln.testing.FakeAwsBatch.Failure;
import dev.kiln.testing.FakeAwsBatch.Job;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Submits to a server with the AWS Batch API: the list is split right, and each job is sent once.
 */
@Timeout(120)
class SubmitterTest {
  private static final String HASH = "a1b2c3d4".repeat(8);

  @TempDir Path directory;
  private FakeAwsBatch server;
  private AwsBatchService awsBatch;
  private ObjectStore out;
  private Submitter submitter;

  @BeforeEach
  void start() throws IOException {
    System.setProperty("aws.accessKeyId", "AKIAKILNTEST");
    System.setProperty("aws.secretAccessKey", "planted-secret-access-key");
    server = FakeAwsBatch.start();
    awsBatch = service(4);
    out = ObjectStores.open(directory.resolve("out").toString());
    submitter = new Submitter(out, Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    awsBatch.close();
    out.close();
    server.close();
  }

  private AwsBatchService service(int attempts) {
    return new AwsBatchService(options(attempts));
  }

  private AwsBatchOptions options(int attempts) {
    return new AwsBatchOptions(
        Optional.of(server.endpoint()),
        Optional.of("us-west-2"),
        attempts,
        Duration.ofMillis(2),
        Duration.ofMillis(200));
  }

  private static PackedList list(int scenes) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < scenes; i++) {
      text.append("a/").append(i).append(".tif\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    return PackedList.of("--scenes x", () -> new ByteArrayInputStream(bytes));
  }

  private static JobDefinitionSpec spec(String role) {
    return JobDefinitionSpec.builder()
        .image("kiln:0.1")
        .vcpus(4)
        .memoryMib(29_491)
        .gpus(1)
        .jobRole(Optional.of(role))
        .build();
  }

  private SubmissionRequest request(PackedList list, int itemsPerJob, boolean compile) {
    return request(list, itemsPerJob, compile, "spot", HASH);
  }

  private SubmissionRequest request(
      PackedList list, int itemsPerJob, boolean compile, String queue, String hash) {
    EmbedArguments arguments =
        EmbedArguments.builder()
            .platform("naip")
            .model("s3://models/clay")
            .source("s3://naip-analytic")
            .out(out.root())
            .itemsPerJob(itemsPerJob)
            .options(List.of("--precision", "bf16"))
            .requireGpu(true)
            .compileFirst(compile)
            .build();
    return SubmissionRequest.builder()
        .arguments(arguments)
        .modelHash(hash)
        .list(list)
        .queue(queue)
        .newDefinition(spec("arn:aws:iam::123456789012:role/kiln-job"))
        .logGroup("/aws/batch/kiln")
        .pricePerHour(0.93)
        .build();
  }

  private Submission submit(SubmissionRequest request) throws IOException {
    return submitter.submit(submitter.plan(request, false), request, awsBatch);
  }

  @Test
  void longListIsSplitIntoArraysThatTogetherTakeEachSceneOnce() throws IOException {
    Submission submission = submit(request(list(25_003), 1, false));
    assertThat(server.jobs()).extracting(Job::size).containsExactly(8334, 8334, 8335);
    List<Integer> firsts = new ArrayList<>();
    int next = 0;
    for (Job job : server.jobs()) {
      firsts.add(next);
      String first = "--first-index=" + next;
      assertThat(job.command().contains(first)).as(first).isEqualTo(next > 0);
      next += job.size();
    }
    assertThat(next).isEqualTo(25_003);
    assertThat(submission.children()).isEqualTo(25_003);
    assertThat(submission.complete()).isTrue();
    Job job = server.jobs().get(1);
    assertThat(job.command())
        .startsWith("embed", "naip")
        .contains(
            "--scenes=" + out.uri("_kiln/lists/" + submission.listSha256() + ".txt.gz"),
            "--items-per-job=1",
            "--run-name=" + submission.id(),
            "--require-gpu")
        .containsSequence("--precision", "bf16");
    assertThat(server.definitions()).hasSize(1);
    assertThat(job.request.path("jobDefinition").asString())
        .isEqualTo(server.definitions().get(0).path("jobDefinitionArn").asString());

    long total =
        SceneList.each(
            "list",
            () -> out.stream("_kiln/lists/" + submission.listSha256() + ".txt.gz"),
            key -> {});
    assertThat(total).isEqualTo(25_003);
  }

  @ParameterizedTest
  @CsvSource({"100, 100, 0", "1, 100, 0", "101, 100, 2", "200, 100, 2", "1000000, 100, 10000"})
  void singleChildIsAJobWithoutAnArray(int scenes, int itemsPerJob, int size) throws IOException {
    submit(request(list(scenes), itemsPerJob, false));
    assertThat(server.jobs()).hasSize(1);
    Job job = server.jobs().get(0);
    assertThat(job.size()).isEqualTo(size);
    assertThat(job.request.has("arrayProperties")).isEqualTo(size > 0);
    assertThat(job.command().contains("--index=0")).isEqualTo(size == 0);
  }

  @Test
  void arraysHaveTwoToTenThousandChildren() {
    for (long scenes = 1; scenes < 200_000; scenes = scenes * 3 / 2 + 1) {
      for (int items : new int[] {1, 3, 19, 100}) {
        long next = 0;
        List<ArraySplit.Part> parts = new ArraySplit(scenes, items).parts();
        for (ArraySplit.Part part : parts) {
          assertThat(part.firstIndex()).isEqualTo((int) next);
          assertThat(part.children()).isBetween(parts.size() > 1 ? 2 : 1, 10_000);
          next += part.children();
        }
        assertThat((next - 1) * items).isLessThan(scenes);
        assertThat(next * items).isGreaterThanOrEqualTo(scenes);
      }
    }
    assertThat(new ArraySplit(10_001, 1).parts())
        .extracting("children")
        .containsExactly(5000, 5001);
    assertThatThrownBy(() -> new ArraySplit(0, 1)).hasMessageContaining("list is empty");
    assertThatThrownBy(() -> new ArraySplit(5, 0))
        .hasMessageContaining("--items-per-job: expected 1 or more, found 0");
    assertThatThrownBy(() -> new ArraySplit(2_000_000, 1)).hasMessageContaining("raise it");
  }

  @Test
  void jobDefinitionIsCompleteAndRegisteredOnce() throws IOException {
    submit(request(list(200), 100, false));
    submit(request(list(300), 100, false));
    assertThat(server.definitions()).hasSize(1);
    JsonNode definition = server.definitions().get(0);
    JsonNode rules =
        JsonMapper.shared()
            .readTree(Files.readAllBytes(Path.of("../deploy/aws-batch/retry-strategy.json")));
    assertThat(definition.path("retryStrategy")).isEqualTo(rules);
    assertThat(definition.path("timeout").path("attemptDurationSeconds").asInt()).isEqualTo(21_600);
    JsonNode container = definition.path("containerProperties");
    assertThat(container.path("resourceRequirements").toString())
        .contains("{\"value\":\"1\",\"type\":\"GPU\"}", "\"29491\"");
    assertThat(container.path("jobRoleArn").asString()).endsWith("role/kiln-job");
    assertThat(container.path("logConfiguration").path("options").path("awslogs-group").asString())
        .isEqualTo("/aws/batch/kiln");
    assertThat(container.path("mountPoints").path(0).path("containerPath").asString())
        .isEqualTo("/scratch");
  }

  @Test
  void childrenWaitForOneCompileJob() throws IOException {
    submit(request(list(20_500), 1, true));
    assertThat(server.jobs()).hasSize(4);
    Job compile = server.jobs().get(0);
    assertThat(compile.size()).isZero();
    assertThat(compile.command())
        .containsExactly(
            "compile", "--model=s3://models/clay", "--platform=naip", "--precision", "bf16");
    for (Job array : server.jobs().subList(1, 4)) {
      assertThat(array.request.path("dependsOn").path(0).path("jobId").asString())
          .isEqualTo(compile.id);
    }
  }

  @Test
  void throttledRequestsAreRetried() throws IOException {
    server.fail("submitjob", Failure.THROTTLED, Failure.THROTTLED);
    server.fail("describejobqueues", Failure.THROTTLED, Failure.SERVER_ERROR);
    server.fail("registerjobdefinition", Failure.THROTTLED);
    submit(request(list(25_000), 1, false));
    assertThat(server.jobs()).hasSize(3);
    assertThat(server.calls("submitjob")).isEqualTo(5);
    // Rejected before anything was created, so no job is looked up.
    assertThat(server.calls("listjobs")).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Failure.class,
      names = {"SERVED_THEN_ERROR", "SERVED_THEN_CUT"})
  void lostResponseCreatesNoSecondJob(Failure failure) throws IOException {
    server.fail("submitjob", failure);
    Submission submission = submit(request(list(25_000), 1, false));
    assertThat(server.jobs()).extracting(job -> job.id).isEqualTo(submission.jobIds()).hasSize(3);
  }

  @Test
  void jobThatIsListedLateIsFound() throws IOException {
    server.fail("submitjob", Failure.SERVED_THEN_ERROR);
    server.listLate(3);
    SubmissionRequest request = request(list(25_000), 1, false);
    Submission submission;
    // Patient even on a busy machine.
    try (AwsBatchService patient =
        new AwsBatchService(
            new AwsBatchOptions(
                Optional.of(server.endpoint()),
                Optional.of("us-west-2"),
                4,
                Duration.ofMillis(2),
                Duration.ofMinutes(1)))) {
      submission = submitter.submit(submitter.plan(request, false), request, patient);
    }
    assertThat(server.jobs()).extracting(job -> job.id).isEqualTo(submission.jobIds()).hasSize(3);
    assertThat(server.calls("listjobs")).isEqualTo(4);
  }

  @Test
  void requestThatWasNeverAcceptedIsRepeated() throws IOException {
    server.fail("submitjob", Failure.SERVER_ERROR);
    submit(request(list(25_000), 1, false));
    assertThat(server.jobs()).hasSize(3);
    assertThat(server.calls("listjobs")).isPositive();
  }

  @Test
  void interruptedSubmissionIsContinued() throws IOException {
    SubmissionRequest request = request(list(45_000), 1, true);
    Submission planned = submitter.plan(request, false);
    server.fail("submitjob", Failure.THROTTLED);
    try (AwsBatchService impatient = service(1)) {
      assertThatThrownBy(() -> submitter.submit(planned, request, impatient))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("AWS Batch throttled the request");
    }
    assertThat(server.jobs()).isEmpty();
    // List and record are stored; five more writes are two jobs and a third without a response.
    Submitter dies = new Submitter(new DyingStore(out, 6), Clock.systemUTC());
    assertThatThrownBy(() -> dies.submit(dies.plan(request, false), request, awsBatch))
        .hasMessageContaining("killed");
    assertThat(server.jobs()).hasSize(3);
    Submission left = submitter.plan(request, false);
    assertThat(left.complete()).isFalse();
    assertThat(left.jobIds()).hasSize(2);

    Submission whole = submitter.submit(left, request, awsBatch);
    assertThat(whole.complete()).isTrue();
    assertThat(server.jobs()).hasSize(6);
    assertThat(server.jobs()).extracting(Job::name).doesNotHaveDuplicates();
    assertThat(server.jobs().stream().mapToInt(Job::size).sum()).isEqualTo(45_000);
    assertThat(server.jobs()).extracting(job -> job.id).isEqualTo(whole.jobIds());

    // The same command again sends nothing.
    int calls = server.calls("submitjob");
    assertThat(submitter.plan(request, false)).isEqualTo(whole);
    assertThat(server.calls("submitjob")).isEqualTo(calls);
    // Unless a new submission is requested.
    assertThat(submitter.plan(request, true).id()).isNotEqualTo(whole.id());
  }

  @Test
  void eachJobIsSubmittedOnceIfKilledAtAnyWrite() throws IOException {
    for (int writes = 0; writes < 13; writes++) {
      int before = server.jobs().size();
      SubmissionRequest request = request(list(30_001 + writes), 1, true);
      DyingStore dying = new DyingStore(out, writes);
      Submitter dies = new Submitter(dying, Clock.systemUTC());
      try {
        dies.submit(dies.plan(request, false), request, awsBatch);
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("killed");
      }
      Submission whole = submit(request);
      List<Job> own = server.jobs().subList(before, server.jobs().size());
      assertThat(own).as("killed at write " + writes).hasSize(5);
      assertThat(own).extracting(job -> job.id).isEqualTo(whole.jobIds());
      assertThat(own.stream().mapToInt(Job::size).sum()).isEqualTo(30_001 + writes);
    }
  }

  @Test
  void missingPermissionsQueuesRolesAndCredentialsAreNamed() throws IOException {
    PackedList list = list(200);
    assertThatThrownBy(() -> submit(request(list, 100, false, "no-queue", HASH)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--queue no-queue: no such job queue");
    assertThatThrownBy(() -> submit(request(list, 100, false, "off", HASH)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--queue off: expected an enabled, valid job queue, found DISABLED");
    server.fail("submitjob", Failure.DENIED);
    assertThatThrownBy(() -> submit(request(list, 100, false)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("AWS Batch: grant batch:SubmitJob");
    server.fail("registerjobdefinition", Failure.DENIED);
    assertThatThrownBy(
            () -> awsBatch.findOrRegister(spec("arn:aws:iam::123456789012:role/x").definition()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("iam:PassRole");
    assertThatThrownBy(
            () ->
                awsBatch.findOrRegister(
                    spec("arn:aws:iam::123456789012:role/missing").definition()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("role/missing is not assumable");
    server.fail("describejobqueues", Failure.BAD_SIGNATURE);
    assertThatThrownBy(() -> awsBatch.requireQueue("spot"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("invalid credentials (InvalidSignatureException)")
        .hasMessageNotContaining("planted");
    assertThatThrownBy(() -> spec("kiln-role"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--job-role: expected a role, arn:aws:iam::")
        .hasMessageEndingWith("found kiln-role");
    assertThat(server.jobs()).isEmpty();
  }

  @Test
  void deniedSubmissionContinuesOnceThePermissionIsGranted() throws IOException {
    SubmissionRequest request = request(list(25_000), 1, false);
    server.fail("submitjob", Failure.DENIED);
    assertThatThrownBy(() -> submit(request)).isInstanceOf(ConfigurationException.class);
    assertThat(submit(request).complete()).isTrue();
    assertThat(server.jobs()).hasSize(3);
  }

  @Test
  void outputOfAnotherModelIsRejected() throws IOException {
    submit(request(list(200), 100, false));
    String other = "ffff".repeat(16);
    assertThatThrownBy(() -> submitter.plan(request(list(300), 100, false, "spot", other), false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected vectors of model ffffffffffff…, found model a1b2c3d4a1b2…")
        .hasMessageContaining("choose another prefix");

    // Also one that kiln embed wrote without a submission.
    try (ObjectStore direct = ObjectStores.open(directory.resolve("direct").toString())) {
      direct.put(
          "_kiln/shard-00003.json",
          ("{\"provenance\": {\"modelHash\": \"" + other + "\"}}")
              .getBytes(StandardCharsets.UTF_8));
      direct.put(
          "_kiln/shard-00004.json", "{\"state\": \"running\"}".getBytes(StandardCharsets.UTF_8));
      assertThatThrownBy(
              () ->
                  new Submitter(direct, Clock.systemUTC())
                      .plan(request(list(300), 100, false), false))
          .hasMessageContaining("in report shard-00003.json");
    }
  }

  @Test
  void dryRunPrintsTheRequestsAndSendsNone() throws IOException {
    SubmissionRequest request = request(list(20_001), 1, true);
    JsonNode requests = submitter.requests(submitter.plan(request, false), request);
    assertThat(requests)
        .extracting(node -> node.path("operation").asString())
        .containsExactly(
            "RegisterJobDefinition",
            "PutObject",
            "SubmitJob",
            "SubmitJob",
            "SubmitJob",
            "SubmitJob");
    assertThat(requests.path(3).path("request").path("arrayProperties").path("size").asInt())
        .isEqualTo(6667);
    assertThat(requests.path(3).path("request").path("dependsOn").path(0).path("jobId").asString())
        .startsWith("id of kiln-");
    assertThat(server.calls("submitjob") + server.calls("registerjobdefinition")).isZero();
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void jobOptionsAreSentWithEveryJob() throws IOException {
    JobOptions options =
        new JobOptions(
            Map.of("team", "maps"),
            Optional.of("research"),
            OptionalInt.of(7),
            Map.of("KILN_LOG", "debug"));
    SubmissionRequest plain = request(list(25_000), 1, true);
    SubmissionRequest request =
        SubmissionRequest.builder()
            .arguments(plain.arguments())
            .modelHash(plain.modelHash())
            .list(plain.list())
            .queue(plain.queue())
            .newDefinition(plain.newDefinition().orElseThrow())
            .logGroup(plain.logGroup())
            .jobOptions(options)
            .build();
    Submission submission = submit(request);
    assertThat(server.jobs()).hasSize(4);
    for (Job job : server.jobs()) {
      assertThat(job.request.path("tags").path("team").asString()).isEqualTo("maps");
      assertThat(job.request.path("propagateTags").asBoolean()).isTrue();
      assertThat(job.request.path("shareIdentifier").asString()).isEqualTo("research");
      assertThat(job.request.path("schedulingPriorityOverride").asInt()).isEqualTo(7);
      assertThat(job.request.at("/containerOverrides/environment/0/name").asString())
          .isEqualTo("KILN_LOG");
    }
    // A retry has the same.
    Submission stored = new SubmissionLedger(out).find(submission.id()).orElseThrow();
    assertThat(stored).isEqualTo(submission);
    assertThat(Retry.request(stored, list(3), Optional.empty()).jobOptions()).isEqualTo(options);
    // Without options nothing is sent.
    submit(plain);
    assertThat(server.jobs().get(4).request.has("tags")).isFalse();
    assertThat(server.jobs().get(4).request.path("containerOverrides").has("environment"))
        .isFalse();
  }

  @Test
  void jobOptionsBeyondTheLimitsOfAwsBatchAreRejected() {
    assertThatThrownBy(
            () ->
                new JobOptions(
                    Map.of("aws:x", "y"), Optional.empty(), OptionalInt.empty(), Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--tag: expected KEY=VALUE");
    assertThatThrownBy(
            () -> new JobOptions(Map.of(), Optional.of("a b"), OptionalInt.empty(), Map.of()))
        .hasMessageContaining("--share-identifier: expected letters and digits, found 'a b'");
    assertThatThrownBy(
            () -> new JobOptions(Map.of(), Optional.empty(), OptionalInt.of(1), Map.of()))
        .hasMessageContaining("--scheduling-priority: needs --share-identifier");
    assertThatThrownBy(
            () ->
                new JobOptions(Map.of(), Optional.empty(), OptionalInt.empty(), Map.of("1A", "b")))
        .hasMessageContaining("--env: expected NAME=VALUE");
  }

  @Test
  void cancelEndsActiveJobsDependentOnesFirst() throws IOException {
    Submission first = submit(request(list(20_000), 1, true));
    Submission other = submit(request(list(300), 100, false));
    List<Job> jobs = server.jobs();
    jobs.get(1).status = "SUCCEEDED";
    List<Cancellation.EndedJob> ended =
        Cancellation.cancel(out, Optional.of(first.id()), awsBatch, "too expensive");
    assertThat(ended)
        .extracting(Cancellation.EndedJob::name)
        .containsExactly(jobs.get(2).name(), jobs.get(0).name());
    assertThat(server.terminated())
        .containsExactly(
            jobs.get(2).name() + ": too expensive", jobs.get(0).name() + ": too expensive");
    assertThat(Cancellation.cancel(out, Optional.empty(), awsBatch, "x"))
        .extracting(Cancellation.EndedJob::id)
        .isEqualTo(other.jobIds());
    assertThat(Cancellation.cancel(out, Optional.empty(), awsBatch, "x")).isEmpty();
    assertThatThrownBy(() -> Cancellation.cancel(out, Optional.of("none"), awsBatch, "x"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--submission: expected one of")
        .hasMessageContaining("found none");
  }

  @Test
  void logsAreThoseOfAChildOrOfFailedChildren() throws IOException {
    Submission submission = submit(request(list(20_000), 1, false));
    Job second = server.jobs().get(1);
    second.children.put("RUNNING", 2);
    second.children.put("FAILED", 5);
    try (JobLogs logs = new JobLogs(awsBatch, options(4))) {
      List<JobLogs.Log> one = logs.tail(submission, OptionalInt.of(10_003), 2);
      assertThat(one).hasSize(1);
      assertThat(one.get(0).jobId()).isEqualTo(second.id + ":3");
      assertThat(one.get(0).lines())
          .extracting(JobLogs.Line::text)
          .containsExactly("line 1 of kiln/default/3", "line 2 of kiln/default/3");
      assertThat(one.get(0).lines().get(0).time()).isAfter("2027-01-01T00:00:00Z");
      assertThat(logs.tail(submission, OptionalInt.empty(), 3))
          .extracting(JobLogs.Log::jobId)
          .containsExactly(second.id + ":2", second.id + ":3", second.id + ":4");
      assertThatThrownBy(() -> logs.tail(submission, OptionalInt.of(20_000), 3))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("--index: expected 0 to 19999, found 20000");
    }
  }

  @Test
  void wholeNumbersWithAFractionAreUnderstood() throws IOException {
    Submission submission = submit(request(list(200), 100, false));
    // The server sends "vcpus": 4.0.
    assertThat(awsBatch.describe(submission.jobIds()).get(0).container().vcpus()).isEqualTo(4);
    assertThat(IntegralNumbers.rewritten("{\"a\": 4.0, \"b\":-1.00}"))
        .isEqualTo("{\"a\": 4, \"b\":-1}");
    for (String same :
        List.of(
            "{\"a\": 4.5}", "{\"a\": 1.05}", "{\"a\": \"4.0\"}", "{\"a\": \"\\\"b\\\": 4.0,\"}")) {
      assertThat(IntegralNumbers.rewritten(same)).isEqualTo(same);
    }
  }

  @Test
  void responseThatCannotBeParsedIsNotAFailedConnection() throws IOException {
    server.fail("describejobqueues", Failure.SERVED_THEN_HTML);
    assertThatThrownBy(() -> awsBatch.requireQueue("spot"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("AWS Batch sent a response that cannot be parsed")
        .hasMessageContaining("check --aws-batch-endpoint")
        .hasMessageNotContaining("reach");
    // A submission may have been accepted, so its job is looked up.
    server.fail("submitjob", Failure.SERVED_THEN_HTML);
    Submission submission = submit(request(list(25_000), 1, false));
    assertThat(server.jobs()).extracting(job -> job.id).isEqualTo(submission.jobIds()).hasSize(3);
    try (AwsBatchService nowhere =
        new AwsBatchService(
            new AwsBatchOptions(
                Optional.of(java.net.URI.create("http://127.0.0.1:9")),
                Optional.of("us-west-2"),
                1,
                Duration.ofMillis(1),
                Duration.ofMillis(1)))) {
      assertThatThrownBy(() -> nowhere.requireQueue("spot"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot reach AWS Batch");
    }
  }

  @Test
  void regionIsThatOfTheOptionThenOfTheEnvironment() {
    Optional<String> none = Optional.empty();
    assertThat(AwsRegion.of(Optional.of("a"), Map.of("AWS_DEFAULT_REGION", "b"))).contains("a");
    assertThat(AwsRegion.of(none, Map.of("AWS_DEFAULT_REGION", "b"))).contains("b");
    // The SDK reads AWS_REGION itself.
    assertThat(AwsRegion.of(none, Map.of("AWS_REGION", "a", "AWS_DEFAULT_REGION", "b"))).isEmpty();
    assertThat(AwsRegion.of(none, Map.of("AWS_DEFAULT_REGION", ""))).isEmpty();
  }

  @Test
  void listsAreCheckedBeforeAnyRequest() {
    assertThatThrownBy(
            () -> PackedList.of("--scenes x", () -> new ByteArrayInputStream(new byte[0])))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--scenes x: the scene list is empty; write one with kiln manifest");
    assertThatThrownBy(
            () -> PackedList.of("--scenes y", () -> Files.newInputStream(directory.resolve("y"))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--scenes y: no such file");
    byte[] outside = "a/b.tif\n../c.tif\n".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> PackedList.of("--scenes z", () -> new ByteArrayInputStream(outside)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'../c.tif'");
  }

  @Test
  void listHashDependsOnTheKeysAlone() throws IOException {
    byte[] plain = "# scenes\na.tif\r\n\nb.tif\nb.tif".getBytes(StandardCharsets.UTF_8);
    PackedList first = PackedList.of("x", () -> new ByteArrayInputStream(plain));
    PackedList again = PackedList.of("x", () -> new ByteArrayInputStream(first.gzip()));
    assertThat(again.sha256()).isEqualTo(first.sha256());
    assertThat(again.gzip()).isEqualTo(first.gzip());
    assertThat(first.scenes()).isEqualTo(3);
    assertThat(first.duplicates()).isEqualTo(1);
    assertThat(Map.of("key", first.objectKey()))
        .containsValue("_kiln/lists/" + first.sha256() + ".txt.gz");
  }
}
