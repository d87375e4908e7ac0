package dev.kiln.benchmarks;

import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.Architecture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs transformer blocks with the encoder's shapes in PyTorch on the CPU, with its fused
 * attention, if {@code python3} has torch: the most that a script can reach on this machine. A
 * sample is chips/s.
 *
 * @param model architecture of the encoder
 * @param tokens tokens per chip
 * @param precision of matrix products and attention
 * @param batch chips per batch
 */
record PyTorch(Architecture model, int tokens, Precision precision, int batch)
    implements Case.Sampler {

  /** Types of a run. */
  enum Precision {
    FP32("fp32"),
    AUTOCAST("bf16 autocast"),
    BF16("all bf16");

    private final String title;

    Precision(String title) {
      this.title = title;
    }
  }

  /**
   * Arguments: dim, depth, heads, head size, MLP width, tokens, threads, precision, batch, runs.
   */
  private static final String SCRIPT =
      """
      import sys, time, torch
      from torch import nn
      from torch.nn import functional as F
      d, n, h, s, m, t, k, precision, b, runs = map(int, sys.argv[1:])
      torch.set_num_threads(k)
      torch.manual_seed(7)
      class Block(nn.Module):
          def __init__(self):
              super().__init__()
              self.first, self.second = nn.LayerNorm(d), nn.LayerNorm(d)
              self.qkv, self.out = nn.Linear(d, 3 * h * s, bias=False), nn.Linear(h * s, d, bias=False)
              self.up, self.down = nn.Linear(d, m), nn.Linear(m, d)
          def forward(self, x):
              q, k, v = self.qkv(self.first(x)).view(b, t, 3, h, s).permute(2, 0, 3, 1, 4)
              x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
              return x + self.down(F.gelu(self.up(self.second(x))))
      encoder = nn.Sequential(*(Block() for _ in range(n))).eval()
      x = torch.randn(b, t, d)
      if precision == 2:
          encoder, x = encoder.bfloat16(), x.bfloat16()
      with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, enabled=precision == 1):
          assert encoder(x).isfinite().all()
          for _ in range(runs):
              wall, cores = time.perf_counter(), time.process_time()
              encoder(x)
              print(time.perf_counter() - wall, time.process_time() - cores)
      """;

  /** Returns whether PyTorch is installed. */
  static boolean installed() {
    return Command.runs("python3", "-c", "import torch");
  }

  /** Returns the name of the candidate. */
  String title() {
    return "PyTorch on the CPU, %s, batch %d".formatted(precision.title, batch);
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws IOException, InterruptedException {
    List<Integer> numbers =
        List.of(
            model.dim(),
            model.depth(),
            model.heads(),
            model.dimHead(),
            model.mlpDim(),
            tokens,
            PhysicalCores.available(),
            precision.ordinal(),
            batch,
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
        .map(t -> Case.Sample.of(batch, Double.parseDouble(t[0]), Double.parseDouble(t[1])))
        .toList();
  }
}
