package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
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
import software.amazon.awssdk.services.batch.model.SubmitJobRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Submits a list to AWS Batch, each job once whatever happens meanwhile. What was asked for stands
 * in the {@link SubmissionLedger} before each request, and its answer after. Where an answer is
 * missing, the job is looked for by its name before it is asked for again.
 */
public final class Submitter {
  private static final Logger log = LoggerFactory.getLogger(Submitter.class);

  private final ObjectStore out;
  private final SubmissionLedger ledger;
  private final Clock clock;

  /**
   * @param out borrowed
   */
  public Submitter(ObjectStore out, Clock clock) {
    this.out = out;
    this.ledger = new SubmissionLedger(out);
    this.clock = clock;
  }

  /**
   * What is submitted, and where.
   *
   * @param order what to embed
   * @param modelHash of its model
   * @param list of scenes
   * @param queue of AWS Batch
   * @param needs the job definition; empty if {@code definition} names one that is there
   * @param definition name, name:revision or ARN of one that is there; null with {@code needs}
   * @param logGroup of the jobs' logs
   * @param pricePerHour dollars for the hour of a child; 0 if not known
   * @param retryOf id of the submission whose scenes were left; null for a first one
   */
  public record Request(
      EmbedArguments order,
      String modelHash,
      PackedList list,
      String queue,
      Optional<JobNeeds> needs,
      String definition,
      String logGroup,
      double pricePerHour,
      String retryOf) {
    String definitionName() {
      return needs.map(n -> n.definition().jobDefinitionName()).orElse(definition);
    }
  }

  /**
   * Plans a submission, or finds it where it was begun before. Changes nothing.
   *
   * @param again plan a new one even if the same was submitted before
   * @throws ConfigurationException if the output holds vectors of another model
   */
  public Submission plan(Request request, boolean again) throws IOException {
    ledger.requireModel(request.modelHash());
    for (int round = 0; ; round++) {
      Submission planned = plan(request, round);
      Optional<Submission> before = ledger.find(planned.id());
      if (before.isEmpty()) {
        return planned;
      }
      if (!before.get().complete() || !again) {
        return before.get();
      }
    }
  }

  private Submission plan(Request request, int round) {
    EmbedArguments order = request.order();
    String list = out.uri(request.list().key());
    String seed =
        String.join(
            "\n",
            List.of(
                String.join("\t", order.embed(list, "")),
                request.modelHash(),
                request.queue(),
                request.definitionName(),
                String.valueOf(order.compileFirst()),
                String.valueOf(request.retryOf()),
                String.valueOf(round)));
    String id =
        HexFormat.of()
            .formatHex(PackedList.digest256().digest(seed.getBytes(StandardCharsets.UTF_8)))
            .substring(0, 12);
    List<Submission.Job> jobs = new ArrayList<>();
    List<String> after = List.of();
    if (order.compileFirst()) {
      jobs.add(new Submission.Job(name(id, "compile"), 1, order.compile(), after, false, null));
      after = List.of(name(id, "compile"));
    }
    for (ArraySplit.Part part :
        new ArraySplit(request.list().scenes(), order.itemsPerJob()).parts()) {
      List<String> command = order.embed(list, id);
      if (part.children() == 1) {
        // Batch takes no array of one, and a job of its own has no index.
        command.add("--index=" + part.first());
      } else if (part.first() > 0) {
        command.add("--first-index=" + part.first());
      }
      String name = name(id, String.valueOf(part.first()));
      jobs.add(new Submission.Job(name, part.children(), command, after, false, null));
    }
    return new Submission(
        Submission.FORMAT,
        id,
        clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
        request.retryOf(),
        order,
        request.modelHash(),
        request.list().sha256(),
        request.list().scenes(),
        request.queue(),
        request.definitionName(),
        request.logGroup(),
        request.pricePerHour(),
        jobs);
  }

  private static String name(String id, String part) {
    return "kiln-" + id + "-" + part;
  }

  /**
   * Submits what of a submission is not submitted yet.
   *
   * @return the same with the ids of all its jobs
   * @throws ConfigurationException if Batch refuses a request or the queue takes no jobs
   * @throws IOException if Batch or the output cannot be reached: to be carried on by the same call
   */
  public Submission submit(Submission planned, Request request, BatchService batch)
      throws IOException {
    batch.requireQueue(request.queue());
    String definition = definition(request, batch);
    lay(planned, request);
    Submission current = planned;
    for (int i = 0; i < current.jobs().size(); i++) {
      Submission.Job job = current.jobs().get(i);
      if (job.jobId() == null) {
        boolean askedBefore = job.asked();
        current = current.with(i, job.asking());
        ledger.put(current);
        String id = submit(current, job, definition, askedBefore, batch);
        current = current.with(i, job.submitted(id));
        ledger.put(current);
        log.info("submitted {} as {}", job.name(), id);
      }
    }
    return current;
  }

  /** Lays the list and the record of a submission into the output, from where children read. */
  public void lay(Submission planned, Request request) throws IOException {
    if (!out.exists(request.list().key())) {
      out.put(request.list().key(), request.list().gzip());
    }
    ledger.put(planned);
  }

  private static String definition(Request request, BatchService batch) throws IOException {
    if (request.needs().isPresent()) {
      return batch.definition(request.needs().get().definition());
    }
    return request.definition();
  }

  private String submit(
      Submission submission,
      Submission.Job job,
      String definition,
      boolean askedBefore,
      BatchService batch)
      throws IOException {
    SubmitJobRequest request = request(submission, job, definition, ids(submission));
    boolean mayBeThere = askedBefore;
    for (int number = 1; ; number++) {
      if (mayBeThere) {
        Optional<String> there = batch.find(submission.queue(), job.name());
        if (there.isPresent()) {
          log.info("{} was taken already", job.name());
          return there.get();
        }
      }
      try {
        return batch.submit(request);
      } catch (AmbiguousSubmitException e) {
        mayBeThere = true;
        if (number >= batch.attempts()) {
          throw new IOException(
              e.getMessage() + "; run the same command again to carry the submission on", e);
        }
        batch.pause(e.getMessage(), number);
      }
    }
  }

  private static Map<String, String> ids(Submission submission) {
    Map<String, String> ids = new HashMap<>();
    submission.jobs().forEach(job -> ids.put(job.name(), job.jobId()));
    return ids;
  }

  private static SubmitJobRequest request(
      Submission submission, Submission.Job job, String definition, Map<String, String> ids) {
    return SubmitJobRequest.builder()
        .jobName(job.name())
        .jobQueue(submission.queue())
        .jobDefinition(definition)
        .arrayProperties(
            job.children() > 1 ? ArrayProperties.builder().size(job.children()).build() : null)
        .dependsOn(
            job.after().stream()
                .map(name -> JobDependency.builder().jobId(ids.get(name)).build())
                .toList())
        .containerOverrides(ContainerOverrides.builder().command(job.command()).build())
        .build();
  }

  /** The requests of a submission as they would go over the wire, in order. */
  public JsonNode requests(Submission planned, Request request) {
    JsonMapper json = JsonMapper.shared();
    ArrayNode all = json.createArrayNode();
    request
        .needs()
        .ifPresent(n -> all.add(named("RegisterJobDefinition", RequestJson.of(n.definition()))));
    ObjectNode put = json.createObjectNode();
    put.put("key", out.uri(request.list().key()));
    put.put("bytes", request.list().gzip().length);
    all.add(named("PutObject", put));
    Map<String, String> ids = new HashMap<>();
    planned.jobs().forEach(job -> ids.put(job.name(), "id of " + job.name()));
    for (Submission.Job job : planned.jobs()) {
      all.add(
          named("SubmitJob", RequestJson.of(request(planned, job, request.definitionName(), ids))));
    }
    return all;
  }

  private static ObjectNode named(String operation, JsonNode body) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("operation", operation);
    node.set("request", body);
    return node;
  }
}
