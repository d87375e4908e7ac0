package dev.kiln.awsbatch;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be embedded, with what, from where and to where.
 *
 * @param platform such as {@code naip}
 * @param model as every child can read it
 * @param source the archive
 * @param out bucket and prefix
 * @param itemsPerJob scenes that a child takes
 * @param options further ones of {@code kiln embed}
 * @param requireGpu whether a child without a GPU must fail
 * @param compileFirst whether a job compiles the model before the children begin
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
  /** Options of embed that a plan depends on. */
  private static final List<String> OF_THE_PLAN = List.of("--precision", "--batch", "--chip");

  public EmbedArguments {
    options = List.copyOf(options);
  }

  /**
   * The command line of the children.
   *
   * @param list where the scene list lies
   * @param run names the folder of the reports
   */
  public List<String> embed(String list, String run) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "embed",
                platform,
                "--scenes=" + list,
                "--model=" + model,
                "--source=" + source,
                "--out=" + out,
                "--items-per-job=" + itemsPerJob,
                "--run-name=" + run,
                "--progress=plain"));
    if (requireGpu) {
      command.add("--require-gpu");
    }
    command.addAll(options);
    return command;
  }

  /** The command line of the job that compiles the model for the GPU it runs on. */
  public List<String> compile() {
    List<String> command =
        new ArrayList<>(List.of("compile", "--model=" + model, "--platform=" + platform));
    for (int i = 0; i < options.size(); i++) {
      String option = options.get(i);
      String name = option.replaceFirst("=.*", "");
      if (OF_THE_PLAN.contains(name)) {
        command.add(option);
        if (name.equals(option) && i + 1 < options.size()) {
          command.add(options.get(i + 1));
        }
      }
    }
    return command;
  }
}
