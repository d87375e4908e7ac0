package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Options of the jobs of a submission that do not change what they compute.
 *
 * @param tags tags of the jobs, for cost allocation
 * @param shareIdentifier share of a queue with a fair-share scheduling policy
 * @param schedulingPriority priority within the share; AWS Batch requires one with a share
 * @param environment variables of the containers; everyone who may describe jobs can see them
 */
public record JobOptions(
    Map<String, String> tags,
    Optional<String> shareIdentifier,
    OptionalInt schedulingPriority,
    Map<String, String> environment) {
  private static final int MAX_TAGS = 50;
  private static final int MAX_PRIORITY = 9999;
  private static final Pattern SHARE = Pattern.compile("[A-Za-z0-9]{1,255}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** Checks the limits of AWS Batch. */
  public JobOptions {
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
    environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    if (tags.size() > MAX_TAGS) {
      throw new ConfigurationException("--tag: expected at most 50 tags, found " + tags.size());
    }
    tags.forEach(JobOptions::requireTag);
    environment.keySet().forEach(JobOptions::requireVariable);
    shareIdentifier.ifPresent(
        share -> {
          if (!SHARE.matcher(share).matches()) {
            throw new ConfigurationException(
                "--share-identifier: expected letters and digits, found '" + share + "'");
          }
        });
    if (schedulingPriority.isPresent() && shareIdentifier.isEmpty()) {
      throw new ConfigurationException("--scheduling-priority: needs --share-identifier");
    }
    schedulingPriority.ifPresent(
        priority -> {
          if (priority < 0 || priority > MAX_PRIORITY) {
            throw new ConfigurationException(
                "--scheduling-priority: expected 0 to 9999, found " + priority);
          }
        });
  }

  /** Returns options without tags, share and variables. */
  public static JobOptions none() {
    return new JobOptions(Map.of(), Optional.empty(), OptionalInt.empty(), Map.of());
  }

  private static void requireTag(String key, String value) {
    if (key.isEmpty() || key.length() > 128 || value.length() > 256 || key.startsWith("aws:")) {
      throw new ConfigurationException(
          "--tag: expected KEY=VALUE of at most 128 and 256 characters, not aws:…, found "
              + key
              + "="
              + value);
    }
  }

  private static void requireVariable(String name) {
    if (!VARIABLE.matcher(name).matches() || name.startsWith("AWS_BATCH")) {
      throw new ConfigurationException(
          "--env: expected NAME=VALUE with letters, digits and underscores, not AWS_BATCH…, found "
              + name);
    }
  }
}
