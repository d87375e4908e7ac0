package dev.kiln.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Local server with the part of the AWS Batch API that Kiln uses: its limits, errors and paging,
 * and failures that tests inject. Jobs never run.
 */
public final class FakeAwsBatch implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int PAGE = 100;

  /** A failure in place of the response. */
  public enum Failure {
    /** 429, not served. */
    THROTTLED(429, "TooManyRequestsException", false),
    /** 500, not served. */
    SERVER_ERROR(500, "ServerException", false),
    /** 500, served. */
    SERVED_THEN_ERROR(500, "ServerException", true),
    /** The connection ends without a response, served. */
    SERVED_THEN_CUT(0, "", true),
    /** 403. */
    DENIED(403, "AccessDeniedException", false),
    /** 200 with text that is not JSON, as from a proxy, served. */
    SERVED_THEN_HTML(200, "", true),
    /** 403 because of the signature. */
    BAD_SIGNATURE(403, "InvalidSignatureException", false);

    private final int status;
    private final String type;
    private final boolean served;

    Failure(int status, String type, boolean served) {
      this.status = status;
      this.type = type;
      this.served = served;
    }
  }

  /** A submitted job. */
  public static final class Job {
    public final String id;
    public final ObjectNode request;
    public final long createdAt;

    /** State of the job, or of all its children. */
    public String status = "RUNNABLE";

    /** Children by state, where they differ from {@link #status}. */
    public final Map<String, Integer> children = new LinkedHashMap<>();

    Job(String id, ObjectNode request, long createdAt) {
      this.id = id;
      this.request = request;
      this.createdAt = createdAt;
    }

    public String name() {
      return request.path("jobName").asString();
    }

    /** Number of children; 0 of a job without an array. */
    public int size() {
      return request.path("arrayProperties").path("size").asInt(0);
    }

    public List<String> command() {
      List<String> command = new ArrayList<>();
      request.path("containerOverrides").path("command").forEach(n -> command.add(n.asString()));
      return command;
    }
  }

  private final HttpServer server;
  private final Map<String, Deque<Failure>> failures = new HashMap<>();
  private final Map<String, ObjectNode> definitions = new LinkedHashMap<>();
  private final Map<String, Integer> calls = new HashMap<>();
  private final List<Job> jobs = new ArrayList<>();
  private final List<String> terminated = new ArrayList<>();
  private int lateLists;

  private FakeAwsBatch(HttpServer server) {
    this.server = server;
  }

  public static FakeAwsBatch start() throws IOException {
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    FakeAwsBatch server = new FakeAwsBatch(http);
    http.createContext("/v1/", server::serve);
    http.createContext("/", server::serveLogs);
    http.setExecutor(Executors.newSingleThreadExecutor());
    http.start();
    return server;
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The next requests of an operation, such as {@code submitjob}, fail. */
  public synchronized void fail(String operation, Failure... kinds) {
    Deque<Failure> queue = failures.computeIfAbsent(operation, o -> new ArrayDeque<>());
    for (Failure kind : kinds) {
      queue.add(kind);
    }
  }

  /** Makes the next listings by name stale. */
  public synchronized void listLate(int lists) {
    lateLists = lists;
  }

  /** Returns all accepted jobs, in order. */
  public synchronized List<Job> jobs() {
    return List.copyOf(jobs);
  }

  /** Returns the number of requests of an operation. */
  public synchronized int calls(String operation) {
    return calls.getOrDefault(operation, 0);
  }

  public synchronized List<ObjectNode> definitions() {
    return List.copyOf(definitions.values());
  }

  private synchronized void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String operation = exchange.getRequestURI().getPath().substring("/v1/".length());
      calls.merge(operation, 1, Integer::sum);
      String signed = exchange.getRequestHeaders().getFirst("Authorization");
      if (signed == null
          || !signed.startsWith("AWS4-HMAC-SHA256 ")
          || !signed.contains("/batch/aws4_request")) {
        error(exchange, 403, "MissingAuthenticationTokenException", "Missing token");
        return;
      }
      ObjectNode request = (ObjectNode) JSON.readTree(exchange.getRequestBody().readAllBytes());
      Failure failure = failures.getOrDefault(operation, new ArrayDeque<>()).poll();
      if (failure != null && !failure.served) {
        error(exchange, failure.status, failure.type, "not authorized to perform: " + operation);
        return;
      }
      JsonNode answer = answer(operation, request);
      if (failure == Failure.SERVED_THEN_CUT) {
        return;
      }
      if (failure == Failure.SERVED_THEN_HTML) {
        byte[] page = "<html>sign in</html>".getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, page.length);
        exchange.getResponseBody().write(page);
        return;
      }
      if (failure != null) {
        error(exchange, failure.status, failure.type, "broken");
      } else if (answer.has("rejected")) {
        error(exchange, 400, "ClientException", answer.path("rejected").asString());
      } else {
        send(exchange, 200, answer);
      }
    }
  }

  private JsonNode answer(String operation, ObjectNode request) {
    return switch (operation) {
      case "describejobqueues" -> queues(request);
      case "describejobdefinitions" -> describeDefinitions(request);
      case "registerjobdefinition" -> register(request);
      case "submitjob" -> submit(request);
      case "listjobs" -> list(request);
      case "describejobs" -> describe(request);
      case "terminatejob" -> terminate(request);
      default -> rejected("no such operation " + operation);
    };
  }

  private static ObjectNode rejected(String reason) {
    return JSON.createObjectNode().put("rejected", reason);
  }

  private static JsonNode queues(ObjectNode request) {
    ArrayNode found = JSON.createArrayNode();
    for (JsonNode name : request.path("jobQueues")) {
      if (!name.asString().equals("no-queue")) {
        boolean off = name.asString().equals("off");
        found
            .addObject()
            .put("jobQueueName", name.asString())
            .put("jobQueueArn", "arn:aws:batch:us-west-2:123456789012:job-queue/" + name.asString())
            .put("state", off ? "DISABLED" : "ENABLED")
            .put("status", "VALID")
            .put("statusReason", "JobQueue Healthy")
            .put("priority", 1);
      }
    }
    return JSON.createObjectNode().set("jobQueues", found);
  }

  private JsonNode register(ObjectNode request) {
    String name = request.path("jobDefinitionName").asString("");
    JsonNode rules = request.path("retryStrategy");
    if (!name.matches("[A-Za-z0-9_-]{1,128}")) {
      return rejected("jobDefinitionName is not valid");
    }
    int attempts = rules.path("attempts").asInt(1);
    if (attempts < 1 || attempts > 10 || rules.path("evaluateOnExit").size() > 5) {
      return rejected("retryStrategy is not valid");
    }
    JsonNode container = request.path("containerProperties");
    if (container.path("image").asString("").isEmpty()) {
      return rejected("Container image is required");
    }
    if (container.path("jobRoleArn").asString("").endsWith("/missing")) {
      return rejected("Role arn:aws:iam::123456789012:role/missing is not assumable");
    }
    int revision = 1;
    for (ObjectNode one : definitions.values()) {
      revision += one.path("jobDefinitionName").asString().equals(name) ? 1 : 0;
    }
    String arn = "arn:aws:batch:us-west-2:123456789012:job-definition/" + name + ":" + revision;
    ObjectNode definition = request.deepCopy();
    definition.put("jobDefinitionArn", arn).put("revision", revision).put("status", "ACTIVE");
    definitions.put(arn, definition);
    return JSON.createObjectNode()
        .put("jobDefinitionName", name)
        .put("jobDefinitionArn", arn)
        .put("revision", revision);
  }

  private JsonNode describeDefinitions(ObjectNode request) {
    ArrayNode found = JSON.createArrayNode();
    for (ObjectNode one : definitions.values()) {
      if (one.path("jobDefinitionName").equals(request.path("jobDefinitionName"))) {
        found.add(one);
      }
    }
    return JSON.createObjectNode().set("jobDefinitions", found);
  }

  private JsonNode submit(ObjectNode request) {
    String name = request.path("jobName").asString("");
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,127}")) {
      return rejected("Job name is not valid");
    }
    if (request.path("jobQueue").asString().equals("no-queue")) {
      return rejected("Job queue no-queue does not exist");
    }
    String definition = request.path("jobDefinition").asString("");
    if (definitions.keySet().stream()
        .noneMatch(arn -> arn.equals(definition) || arn.contains("/" + definition + ":"))) {
      return rejected("JobDefinition " + definition + " not found");
    }
    JsonNode size = request.path("arrayProperties").path("size");
    if (!size.isMissingNode() && (size.asInt() < 2 || size.asInt() > 10_000)) {
      return rejected("Array size must be between 2 and 10000");
    }
    for (JsonNode dependency : request.path("dependsOn")) {
      String id = dependency.path("jobId").asString("");
      if (jobs.stream().noneMatch(job -> job.id.equals(id))) {
        return rejected("Job " + id + " does not exist");
      }
    }
    Job job = new Job(UUID.randomUUID().toString(), request, System.currentTimeMillis());
    jobs.add(job);
    return JSON.createObjectNode()
        .put("jobName", name)
        .put("jobId", job.id)
        .put("jobArn", "arn:aws:batch:us-west-2:123456789012:job/" + job.id);
  }

  private JsonNode list(ObjectNode request) {
    List<ObjectNode> all = new ArrayList<>();
    if (request.has("arrayJobId")) {
      for (Job job : jobs) {
        if (job.id.equals(request.path("arrayJobId").asString())) {
          children(job, request.path("jobStatus").asString("RUNNING"), all);
        }
      }
    } else if (lateLists > 0) {
      lateLists--;
    } else {
      String wanted = request.path("filters").path(0).path("values").path(0).asString("");
      for (Job job : jobs) {
        if (job.request.path("jobQueue").equals(request.path("jobQueue"))
            && job.name().equalsIgnoreCase(wanted)) {
          all.add(summary(job.id, job.name(), job.status, job.createdAt));
        }
      }
    }
    int from = Integer.parseInt(request.path("nextToken").asString("0"));
    int to = Math.min(all.size(), from + PAGE);
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode page = answer.putArray("jobSummaryList");
    all.subList(from, to).forEach(page::add);
    if (to < all.size()) {
      answer.put("nextToken", Integer.toString(to));
    }
    return answer;
  }

  private static void children(Job job, String status, List<ObjectNode> into) {
    int index = 0;
    for (Map.Entry<String, Integer> state : job.children.entrySet()) {
      for (int i = 0; i < state.getValue(); i++, index++) {
        if (state.getKey().equals(status)) {
          into.add(summary(job.id + ":" + index, job.name(), status, job.createdAt));
        }
      }
    }
  }

  private static ObjectNode summary(String id, String name, String status, long createdAt) {
    return JSON.createObjectNode()
        .put("jobId", id)
        .put("jobName", name)
        .put("status", status)
        .put("createdAt", createdAt)
        .put("startedAt", createdAt);
  }

  private JsonNode describe(ObjectNode request) {
    ArrayNode found = JSON.createArrayNode();
    for (JsonNode wanted : request.path("jobs")) {
      String id = wanted.asString();
      for (Job job : jobs) {
        if (id.equals(job.id)) {
          found.add(detail(job));
        } else if (id.startsWith(job.id + ":")) {
          ObjectNode child = detail(job);
          child.remove("arrayProperties");
          child.put("jobId", id).put("status", "FAILED").put("statusReason", "Essential container");
          ((ObjectNode) child.path("container"))
              .put("exitCode", 78)
              .put("logStreamName", "kiln/default/" + id.substring(id.indexOf(':') + 1));
          found.add(child);
        }
      }
    }
    return JSON.createObjectNode().set("jobs", found);
  }

  private JsonNode terminate(ObjectNode request) {
    for (Job job : jobs) {
      if (job.id.equals(request.path("jobId").asString())) {
        job.status = "FAILED";
        job.children.clear();
        terminated.add(job.name() + ": " + request.path("reason").asString());
      }
    }
    return JSON.createObjectNode();
  }

  /** Returns names and reasons of the terminated jobs, in order. */
  public synchronized List<String> terminated() {
    return List.copyOf(terminated);
  }

  /** GetLogEvents of CloudWatch Logs: three lines for every stream. */
  private synchronized void serveLogs(HttpExchange exchange) throws IOException {
    try (exchange) {
      ObjectNode request = (ObjectNode) JSON.readTree(exchange.getRequestBody().readAllBytes());
      ObjectNode response = JSON.createObjectNode();
      ArrayNode events = response.putArray("events");
      int limit = request.path("limit").asInt();
      for (int i = Math.max(0, 3 - limit); i < 3; i++) {
        events
            .addObject()
            .put("timestamp", 1_800_000_000_000L + i * 1000)
            .put("message", "line " + i + " of " + request.path("logStreamName").asString());
      }
      send(exchange, 200, response);
    }
  }

  private static ObjectNode detail(Job job) {
    ObjectNode detail = summary(job.id, job.name(), job.status, job.createdAt);
    detail.put("jobQueue", job.request.path("jobQueue").asString());
    detail.put("jobDefinition", job.request.path("jobDefinition").asString());
    detail
        .putObject("container")
        // Some services send integers in this form.
        .put("vcpus", 4.0)
        .set("command", job.request.path("containerOverrides").path("command"));
    if (job.size() > 0) {
      ObjectNode summary =
          detail.putObject("arrayProperties").put("size", job.size()).putObject("statusSummary");
      if (job.children.isEmpty()) {
        summary.put(job.status, job.size());
      }
      job.children.forEach(summary::put);
    }
    return detail;
  }

  private static void error(HttpExchange exchange, int status, String type, String message)
      throws IOException {
    exchange.getResponseHeaders().set("x-amzn-ErrorType", type);
    send(exchange, status, JSON.createObjectNode().put("message", message));
  }

  private static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.getResponseHeaders().set("x-amzn-RequestId", UUID.randomUUID().toString());
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
