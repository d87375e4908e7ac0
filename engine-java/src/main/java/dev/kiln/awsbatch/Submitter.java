package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.io.Sha256;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.batch.model.ArrayProperties;
import software.amazon.awssdk.services.batch.model.ContainerOverrides;
import software.amazon.awssdk.services.batch.model.JobDependency;
import software.amazon.awssdk.services.batch.model.KeyValuePair;
import software.amazon.awssdk.services.batch.model.SubmitJobRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Submits a scene list to AWS Batch, each job exactly once even if the process or a connection
 * fails in between. The {@link SubmissionLedger} has every request before it is sent, and every
 * response after it. Where a response is missing, the job is looked up by its name before it is
 * submitted again.
 */
public final class Submitter {
  private static final Logger log = LoggerFactory.getLogger(Submitter.class);

  private final ObjectStore out;
  private final SubmissionLedger ledger;
  private final Clock clock;

  /**
   * Creates a submitter.
   *
   * @param out output of the children; borrowed
   */
  public Submitter(ObjectStore out, Clock clock) {
    this.out = out;
    this.ledger = new SubmissionLedger(out);
    this.clock = clock;
  }

  /**
   * Plans a submission, or returns the one that the same request started before. Changes nothing.
   *
   * @param again whether to plan a new submission if the same one is complete
   * @throws ConfigurationException if the output contains vectors of another model
   */
  public Submission plan(SubmissionRequest request, boolean again) throws IOException {
    ledger.requireModel(request.modelHash());
    for (int round = 0; ; round++) {
      Submission planned = plan(request, round);
      Optional<Submission> existing = ledger.find(planned.id());
      if (existing.isEmpty()) {
        return planned;
      }
      if (!existing.get().complete() || !again) {
        return existing.get();
      }
    }
  }

  private Submission plan(SubmissionRequest request, int round) {
    EmbedArguments arguments = request.arguments();
    String list = out.uri(request.list().objectKey());
    String id = id(request, list, round);
    List<Submission.Job> jobs = new ArrayList<>();
    List<String> after = List.of();
    if (arguments.compileFirst()) {
      jobs.add(
          new Submission.Job(jobName(id, "compile"), 1, arguments.compile(), after, false, null));
      after = List.of(jobName(id, "compile"));
    }
    for (ArraySplit.Part part :
        new ArraySplit(request.list().scenes(), arguments.itemsPerJob()).parts()) {
      List<String> command = arguments.embed(list, id);
      if (part.children() == 1) {
        // An array has at least two children, and a job without an array has no index.
        command.add("--index=" + part.firstIndex());
      } else if (part.firstIndex() > 0) {
        command.add("--first-index=" + part.firstIndex());
      }
      String name = jobName(id, String.valueOf(part.firstIndex()));
      jobs.add(new Submission.Job(name, part.children(), command, after, false, null));
    }
    return new Submission(
        Submission.FORMAT,
        id,
        clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
        request.retryOf(),
        arguments,
        request.modelHash(),
        request.list().sha256(),
        request.list().scenes(),
        request.queue(),
        request.definitionName(),
        request.logGroup(),
        request.pricePerHour(),
        request.jobOptions(),
        jobs);
  }

  private static String id(SubmissionRequest request, String list, int round) {
    String contents =
        String.join(
            "\n",
            List.of(
                String.join("\t", request.arguments().embed(list, "")),
                request.modelHash(),
                request.queue(),
                request.definitionName(),
                String.valueOf(request.arguments().compileFirst()),
                String.valueOf(request.jobOptions().environment()),
                String.valueOf(request.retryOf()),
                String.valueOf(round)));
    byte[] hash = Sha256.digest().digest(contents.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash).substring(0, 12);
  }

  private static String jobName(String id, String part) {
    return "kiln-" + id + "-" + part;
  }

  /**
   * Submits the jobs of a submission that are not submitted yet.
   *
   * @return the submission with the ids of all its jobs
   * @throws ConfigurationException if AWS Batch rejects a request or the queue accepts no jobs
   * @throws IOException if AWS Batch or the output is unavailable; the same call continues
   */
  public Submission submit(Submission planned, SubmissionRequest request, AwsBatchService awsBatch)
      throws IOException {
    awsBatch.requireQueue(request.queue());
    String definition = definition(request, awsBatch);
    store(planned, request);
    Submission current = planned;
    for (int i = 0; i < current.jobs().size(); i++) {
      Submission.Job job = current.jobs().get(i);
      if (job.jobId() == null) {
        boolean requestedBefore = job.requested();
        current = current.with(i, job.asRequested());
        ledger.put(current);
        String id = submit(current, job, definition, requestedBefore, awsBatch);
        current = current.with(i, job.asSubmitted(id));
        ledger.put(current);
        log.info("submitted job={} id={} children={}", job.name(), id, job.children());
      }
    }
    return current;
  }

  /** Stores the scene list and the record of a submission in the output. */
  public void store(Submission planned, SubmissionRequest request) throws IOException {
    if (!out.exists(request.list().objectKey())) {
      out.put(request.list().objectKey(), request.list().gzip());
    }
    ledger.put(planned);
  }

  private static String definition(SubmissionRequest request, AwsBatchService awsBatch)
      throws IOException {
    if (request.newDefinition().isPresent()) {
      return awsBatch.findOrRegister(request.newDefinition().get().definition());
    }
    return request.existingDefinition();
  }

  private String submit(
      Submission submission,
      Submission.Job job,
      String definition,
      boolean requestedBefore,
      AwsBatchService awsBatch)
      throws IOException {
    SubmitJobRequest request = request(submission, job, definition, jobIds(submission));
    try {
      return awsBatch
          .retries()
          .<String, IOException>call(
              log,
              job.name(),
              RetryPolicy.Classifier.transientAre(AmbiguousSubmitException.class),
              RetryPolicy.Sleeper.THREAD,
              attempt -> {
                if (requestedBefore || attempt > 1) {
                  Optional<String> existing = awsBatch.find(submission.queue(), job.name());
                  if (existing.isPresent()) {
                    log.info("job={} id={} was already submitted", job.name(), existing.get());
                    return existing.get();
                  }
                }
                return awsBatch.submit(request);
              });
    } catch (AmbiguousSubmitException e) {
      throw new IOException(
          e.getMessage() + "; run the same command again to continue the submission", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(job.name() + ": interrupted");
    }
  }

  private static Map<String, String> jobIds(Submission submission) {
    Map<String, String> ids = new HashMap<>();
    submission.jobs().forEach(job -> ids.put(job.name(), job.jobId()));
    return ids;
  }

  private static SubmitJobRequest request(
      Submission submission, Submission.Job job, String definition, Map<String, String> jobIds) {
    JobOptions options = submission.jobOptions();
    List<KeyValuePair> environment =
        options.environment().entrySet().stream()
            .map(e -> KeyValuePair.builder().name(e.getKey()).value(e.getValue()).build())
            .toList();
    ContainerOverrides.Builder container = ContainerOverrides.builder().command(job.command());
    if (!environment.isEmpty()) {
      container.environment(environment);
    }
    SubmitJobRequest.Builder request = SubmitJobRequest.builder();
    if (!options.tags().isEmpty()) {
      request.tags(options.tags()).propagateTags(true);
    }
    options.shareIdentifier().ifPresent(request::shareIdentifier);
    options.schedulingPriority().ifPresent(request::schedulingPriorityOverride);
    return request
        .jobName(job.name())
        .jobQueue(submission.queue())
        .jobDefinition(definition)
        .arrayProperties(
            job.children() > 1 ? ArrayProperties.builder().size(job.children()).build() : null)
        .dependsOn(
            job.after().stream()
                .map(name -> JobDependency.builder().jobId(jobIds.get(name)).build())
                .toList())
        .containerOverrides(container.build())
        .build();
  }

  /** Returns the requests of a submission as JSON, in order; sends none. */
  public JsonNode requests(Submission planned, SubmissionRequest request) {
    JsonMapper json = JsonMapper.shared();
    ArrayNode all = json.createArrayNode();
    request
        .newDefinition()
        .ifPresent(
            spec -> all.add(operation("RegisterJobDefinition", RequestJson.of(spec.definition()))));
    ObjectNode put = json.createObjectNode();
    put.put("key", out.uri(request.list().objectKey()));
    put.put("bytes", request.list().gzip().length);
    all.add(operation("PutObject", put));
    Map<String, String> ids = new HashMap<>();
    planned.jobs().forEach(job -> ids.put(job.name(), "id of " + job.name()));
    for (Submission.Job job : planned.jobs()) {
      all.add(
          operation(
              "SubmitJob", RequestJson.of(request(planned, job, request.definitionName(), ids))));
    }
    return all;
  }

  private static ObjectNode operation(String name, JsonNode request) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("operation", name);
    node.set("request", request);
    return node;
  }
}
