package dev.kiln.cli;

import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.SceneList;
import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.EmbedArguments;
import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.SubmissionRequest;
import dev.kiln.awsbatch.Submitter;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import dev.kiln.fetch.ModelCache;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.model.ModelDescription;
import dev.kiln.platform.Platform;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln submit}: submits a scene list to AWS Batch. */
@Command(
    name = "submit",
    description =
        "Embed a scene list on AWS Batch. After a failure, run the same command to resume the"
            + " submission.",
    footer = {
      "",
      "Example:",
      "  kiln submit naip --scenes scenes.txt.gz --model s3://my-bucket/models/clay \\",
      "      --source s3://naip-analytic --out s3://my-bucket/clay --queue kiln-spot \\",
      "      --image my-registry/kiln:0.2.0 --instance g6e.xlarge --items-per-job 500 \\",
      "      --job-role arn:aws:iam::123456789012:role/kiln-job -- --precision bf16"
    })
public final class SubmitCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "PLATFORM",
      description = "Platform (sensor) of the scenes, such as naip.")
  private String platform;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "OPTION",
      description = "After --: more options of kiln embed for the children.")
  private List<String> options = new ArrayList<>();

  @Option(
      names = "--scenes",
      required = true,
      paramLabel = "URI",
      description = "Scene list, one key per line, plain or gzip; copied to --out.")
  private String scenes;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "URI",
      description = "Model directory that every child can read.")
  private String model;

  @Option(
      names = "--source",
      paramLabel = "URI",
      description =
          "Archive: bucket with the scenes; not needed for lists of whole URIs and items.")
  private String source;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "URI",
      description = "Bucket and prefix of the output.")
  private String out;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      defaultValue = "100",
      description = "Scenes per child; see kiln estimate (default: ${DEFAULT-VALUE}).")
  private int itemsPerJob;

  @Option(
      names = "--queue",
      required = true,
      paramLabel = "NAME",
      description = "AWS Batch job queue.")
  private String queue;

  @Option(
      names = "--compile-first",
      description = "Compile the model for the GPU in one job before the children start.")
  private boolean compileFirst;

  @Option(
      names = "--again",
      description =
          "Submit the list again although it was submitted before; finished scenes are skipped.")
  private boolean again;

  @Option(names = "--dry-run", description = "Print the requests as JSON and send none.")
  private boolean dryRun;

  @Option(names = "--json", description = "Print the submission as JSON.")
  private boolean json;

  @Mixin private JobFlags jobFlags;
  @Mixin private AwsBatchFlags batchFlags;
  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  @Override
  public Integer call() throws IOException {
    StoreOptions from = s3Flags.source();
    EmbedArguments order =
        EmbedArguments.builder()
            .platform(platform)
            .model(model)
            .source(source == null ? "" : source)
            .out(out)
            .itemsPerJob(itemsPerJob)
            .options(childOptions())
            .requireGpu(jobFlags.onGpu())
            .compileFirst(compileFirst)
            .build();
    requireValid(order);
    requireValidEnvironment();
    if (jobFlags.definition() == null) {
      requireBucket("--model", model);
      if (source != null) {
        requireBucket("--source", source);
      }
      requireBucket("--out", out);
    }
    PackedList list = PackedList.of("--scenes " + scenes, () -> ObjectStores.stream(scenes, from));
    if (source == null) {
      requireWholeUris(list);
    }
    ModelDescription description = ModelCache.describe(model, from);
    requirePlatform(description);
    try (ObjectStore to = ObjectStores.open(out, outputS3Flags.options(s3Flags, System.getenv()))) {
      Submitter submitter = new Submitter(to, Clock.systemUTC());
      SubmissionRequest.Builder builder =
          SubmissionRequest.builder()
              .arguments(order)
              .modelHash(description.weights().sha256())
              .list(list)
              .queue(queue)
              .logGroup(jobFlags.logGroup())
              .pricePerHour(jobFlags.pricePerHour())
              .jobOptions(jobFlags.jobOptions());
      jobFlags
          .newDefinition()
          .ifPresentOrElse(
              builder::newDefinition, () -> builder.existingDefinition(jobFlags.definition()));
      SubmissionRequest request = builder.build();
      Submission planned = submitter.plan(request, again);
      return send(submitter, planned, request);
    }
  }

  private int send(Submitter submitter, Submission planned, SubmissionRequest request)
      throws IOException {
    PrintWriter print = spec.commandLine().getOut();
    if (dryRun) {
      SubmissionPrint.requests(print, submitter, planned, request);
      return 0;
    }
    boolean before = planned.complete();
    Submission submission = planned;
    if (!before) {
      try (AwsBatchService batch = new AwsBatchService(batchFlags.options(s3Flags))) {
        submission = submitter.submit(planned, request, batch);
      }
    }
    if (json) {
      JsonPrint.print(print, submission);
    } else {
      SubmissionPrint.print(print, submission, request.list(), before);
    }
    return 0;
  }

  /** Returns the options of the children: those after {@code --}, and those set for submit. */
  private List<String> childOptions() {
    CommandLine root = spec.root().commandLine();
    if (!(root.getDefaultValueProvider() instanceof EnvironmentDefaults defaults)) {
      return options;
    }
    if (jobFlags.definition() == null) {
      ChildOptions.refuseSecrets(defaults.environment());
    }
    List<String> all = new ArrayList<>(options);
    all.addAll(ChildOptions.of(root.getParseResult(), defaults, options));
    if (jobFlags.definition() == null) {
      ChildOptions.refuseTokens(all, defaults.environment(), jobFlags.jobOptions().environment());
    }
    return all;
  }

  /** Checks the variables of the children, so that a mistake is found before submission. */
  private void requireValidEnvironment() {
    EnvironmentDefaults defaults = new EnvironmentDefaults(jobFlags.jobOptions().environment());
    try {
      defaults.refuseUnknown(Kiln.commandLine(Map.of(), Kiln.COMMANDS));
    } catch (ConfigurationException e) {
      throw new ConfigurationException("--env: " + e.getMessage(), e);
    }
  }

  /** Requires a bucket; only a job definition of the user can mount a shared file system. */
  private void requireWholeUris(PackedList list) throws IOException {
    SceneList.lines(
        "--scenes " + scenes,
        () -> new ByteArrayInputStream(list.gzip()),
        line -> {
          if (!line.isItem() && ObjectRef.of(line.key()).isEmpty()) {
            throw new OptionException(
                "--source: expected a bucket, because the list has keys such as "
                    + Printable.of(line.key())
                    + ", found none");
          }
        });
  }

  private static void requireBucket(String option, String uri) {
    if (!ObjectStores.isBucket(uri)) {
      throw new ConfigurationException(
          option
              + " "
              + ObjectStores.redacted(uri)
              + ": expected s3://BUCKET/…, because children cannot read local directories; or give"
              + " a --definition that mounts it");
    }
  }

  private void requirePlatform(ModelDescription description) {
    List<String> known = description.platforms().stream().map(Platform::name).toList();
    if (known.stream().noneMatch(platform::equalsIgnoreCase)) {
      throw new ConfigurationException(
          "--model %s: expected platform %s, found %s; export it with --platform %s"
              .formatted(model, platform, String.join(", ", known), platform));
    }
  }

  /** Parses the command line of the children, so that a mistake is found before submission. */
  private static void requireValid(EmbedArguments order) {
    requireValid("options of kiln embed: ", order.embed("list", "run"));
    if (order.compileFirst()) {
      requireValid("--compile-first: ", order.compile());
    }
  }

  private static void requireValid(String origin, List<String> command) {
    try {
      Kiln.commandLine(Map.of(), Kiln.COMMANDS).parseArgs(command.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new ConfigurationException(origin + e.getMessage(), e);
    }
  }
}
