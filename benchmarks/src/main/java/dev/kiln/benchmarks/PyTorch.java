package dev.kiln.benchmarks;

import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.Architecture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs transformer blocks with the encoder's shapes in PyTorch, on the tokens of one chip, if
 * {@code python3} has torch: the most that a script can reach on this machine. A sample is chips/s.
 *
 * @param model architecture of the encoder
 * @param tokens tokens per chip
 * @param bf16 whether to use autocast to bfloat16
 */
record PyTorch(Architecture model, int tokens, boolean bf16) implements Case.Sampler {
  /** Arguments: dim, depth, heads, MLP width, tokens, threads, bf16, chips. */
  private static final String SCRIPT =
      """
      import sys, time, torch
      d, n, h, m, t, k, half, chips = map(int, sys.argv[1:])
      torch.set_num_threads(k)
      torch.manual_seed(7)
      block = torch.nn.TransformerEncoderLayer(d, h, m, 0, 'gelu', batch_first=True, norm_first=True)
      encoder = torch.nn.TransformerEncoder(block, n, enable_nested_tensor=False).eval()
      x = torch.randn(1, t, d)
      with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, enabled=half == 1):
          assert encoder(x).isfinite().all()
          for _ in range(chips):
              wall, cores = time.perf_counter(), time.process_time()
              encoder(x)
              print(time.perf_counter() - wall, time.process_time() - cores)
      """;

  /** Returns whether PyTorch is installed. */
  static boolean installed() {
    return Command.runs("python3", "-c", "import torch");
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws IOException, InterruptedException {
    List<Integer> numbers =
        List.of(
            model.dim(),
            model.depth(),
            model.heads(),
            model.mlpDim(),
            tokens,
            PhysicalCores.available(),
            bf16 ? 1 : 0,
            effort.iterations());
    List<String> command = new ArrayList<>(List.of("python3", "-c", SCRIPT));
    numbers.forEach(number -> command.add(number.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("PyTorch: " + output);
    }
    return output
        .lines()
        .map(line -> line.split(" "))
        .map(t -> Case.Sample.of(1, Double.parseDouble(t[0]), Double.parseDouble(t[1])))
        .toList();
  }
}
