package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import dev.kiln.sample.Demo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln demo}: runs the commands of a first session. */
@Command(
    name = "demo",
    description =
        "Create a synthetic archive, export a model, embed, inspect and draw a map, on this"
            + " machine.",
    footer = {"", "Example:", "  kiln demo --dir kiln-demo"})
public final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = "kiln-demo",
      description =
          "Directory to write; an earlier demo in it is replaced (default: ${DEFAULT-VALUE}).")
  private Path directory;

  @Override
  public Integer call() throws IOException {
    // Read before the loop: its commands are parsed by the same command line.
    CommandLine kiln = spec.root().commandLine();
    PrintWriter out = spec.commandLine().getOut();
    Demo demo = new Demo(directory);
    demo.begin();
    for (List<String> step : demo.steps()) {
      out.printf("%n$ %s%n", Demo.typed(step));
      out.flush();
      int code = kiln.execute(step.toArray(String[]::new));
      if (code != ExitCode.DONE.code()) {
        return code;
      }
    }
    out.printf(
        "%nThe vectors are in %s, a picture of them is %s. They are meaningless, because the"
            + " weights are random.%nTo see them on a map in the browser, run:%n  ./%s%nReleased"
            + " weights: clay-v1.5.ckpt from https://huggingface.co/made-with-clay/Clay"
            + " (Apache-2.0).%n",
        demo.embeddings(), demo.map(), Demo.typed(demo.explore()));
    out.flush();
    return ExitCode.DONE.code();
  }
}
