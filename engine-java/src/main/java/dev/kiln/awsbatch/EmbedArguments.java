package dev.kiln.awsbatch;

import java.util.ArrayList;
import java.util.List;

/**
 * Arguments of {@code kiln embed} that all children of a submission share.
 *
 * @param platform such as {@code naip}
 * @param model URI that every child can read
 * @param source URI of the archive; empty if the list has whole URIs and items only
 * @param out URI of the output
 * @param itemsPerJob scenes per child
 * @param options further options of {@code kiln embed}
 * @param requireGpu whether a child without a GPU fails
 * @param compileFirst whether a job compiles the model before the children start
 */
public record EmbedArguments(
    String platform,
    String model,
    String source,
    String out,
    int itemsPerJob,
    List<String> options,
    boolean requireGpu,
    boolean compileFirst) {
  /** Options of {@code kiln embed} that {@code kiln compile} takes as well. */
  private static final List<String> COMPILE_OPTIONS =
      List.of(
          "--precision",
          "--batch",
          "--chip",
          "--source-endpoint",
          "--region",
          "--requester-pays",
          "--anonymous",
          "--connections",
          "--request-attempts",
          "--network-timeout",
          "--log",
          "--log-format");

  public EmbedArguments {
    options = List.copyOf(options);
  }

  /** Starts with no further options, without a GPU and without a compile job. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts with these arguments. */
  public Builder toBuilder() {
    return new Builder()
        .platform(platform)
        .model(model)
        .source(source)
        .out(out)
        .itemsPerJob(itemsPerJob)
        .options(options)
        .requireGpu(requireGpu)
        .compileFirst(compileFirst);
  }

  /**
   * Returns the command line of the children.
   *
   * @param list URI of the scene list
   * @param runName directory name of the reports
   */
  public List<String> embed(String list, String runName) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "embed",
                platform,
                "--scenes=" + list,
                "--model=" + model,
                "--out=" + out,
                "--items-per-job=" + itemsPerJob,
                "--run-name=" + runName,
                "--progress=plain"));
    if (!source.isEmpty()) {
      command.add("--source=" + source);
    }
    if (requireGpu) {
      command.add("--require-gpu");
    }
    command.addAll(options);
    return command;
  }

  /** Returns the command line of the job that compiles the model for the GPU it runs on. */
  public List<String> compile() {
    List<String> command =
        new ArrayList<>(List.of("compile", "--model=" + model, "--platform=" + platform));
    for (int i = 0; i < options.size(); i++) {
      String option = options.get(i);
      String name = option.replaceFirst("=.*", "");
      if (COMPILE_OPTIONS.contains(name)) {
        command.add(option);
        if (name.equals(option) && i + 1 < options.size() && !options.get(i + 1).startsWith("--")) {
          command.add(options.get(i + 1));
        }
      }
    }
    return command;
  }

  /** Builder of {@link EmbedArguments}. */
  public static final class Builder {
    private String platform;
    private String model;
    private String source;
    private String out;
    private int itemsPerJob = 100;
    private List<String> options = List.of();
    private boolean requireGpu;
    private boolean compileFirst;

    private Builder() {}

    /** Sets the platform. */
    public Builder platform(String name) {
      platform = name;
      return this;
    }

    /** Sets the URI of the model. */
    public Builder model(String uri) {
      model = uri;
      return this;
    }

    /** Sets the URI of the archive. */
    public Builder source(String uri) {
      source = uri;
      return this;
    }

    /** Sets the URI of the output. */
    public Builder out(String uri) {
      out = uri;
      return this;
    }

    /** Sets the scenes per child. */
    public Builder itemsPerJob(int scenes) {
      itemsPerJob = scenes;
      return this;
    }

    /** Sets further options of {@code kiln embed}. */
    public Builder options(List<String> all) {
      options = all;
      return this;
    }

    /** Sets whether a child without a GPU fails. */
    public Builder requireGpu(boolean required) {
      requireGpu = required;
      return this;
    }

    /** Sets whether a job compiles the model before the children start. */
    public Builder compileFirst(boolean first) {
      compileFirst = first;
      return this;
    }

    /** Returns the arguments. */
    public EmbedArguments build() {
      return new EmbedArguments(
          platform, model, source, out, itemsPerJob, options, requireGpu, compileFirst);
    }
  }
}
