package dev.kiln.run;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One attempt at a shard: when, where and on whose behalf a process worked on it.
 *
 * @param started when the attempt started
 * @param ended when it ended; empty while it runs, and if it was killed
 * @param host name of the machine
 * @param process id of the process
 * @param version of Kiln
 * @param revision git revision that Kiln was built from
 * @param scheduler variables by which the scheduler identifies job, index and attempt
 * @param context what the caller adds, such as the command and the scene list
 */
public record Attempt(
    Instant started,
    Optional<Instant> ended,
    String host,
    long process,
    String version,
    String revision,
    Map<String, String> scheduler,
    Map<String, String> context) {

  private static final List<String> SCHEDULER_VARIABLES =
      List.of(
          "AWS_BATCH_JOB_ID",
          "AWS_BATCH_JOB_ATTEMPT",
          "AWS_BATCH_JOB_ARRAY_INDEX",
          "JOB_COMPLETION_INDEX",
          "SLURM_JOB_ID",
          "SLURM_ARRAY_TASK_ID",
          "SLURM_RESTART_COUNT");

  /** Starts an attempt now, in this process. */
  static Attempt start(Map<String, String> environment, Map<String, String> context) {
    return new Attempt(
        Instant.now(),
        Optional.empty(),
        host(environment),
        ProcessHandle.current().pid(),
        EngineVersion.number(),
        EngineVersion.revision(),
        scheduler(environment),
        new TreeMap<>(context));
  }

  /**
   * {@return the variables by which the scheduler identifies job, index and attempt}
   *
   * @param environment of the process
   */
  public static Map<String, String> scheduler(Map<String, String> environment) {
    Map<String, String> scheduler = new TreeMap<>(environment);
    scheduler.keySet().retainAll(SCHEDULER_VARIABLES);
    return scheduler;
  }

  /**
   * {@return the name of this machine}
   *
   * @param environment for the case that the system does not know it
   */
  public static String host(Map<String, String> environment) {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return environment.getOrDefault("HOSTNAME", "unknown");
    }
  }

  /** Returns the attempt with its end set to now. */
  Attempt end() {
    return new Attempt(
        started, Optional.of(Instant.now()), host, process, version, revision, scheduler, context);
  }
}
