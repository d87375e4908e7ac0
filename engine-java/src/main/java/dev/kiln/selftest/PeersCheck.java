package dev.kiln.selftest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts the results of PyTorch, which runs apart from this process, into the report. */
record PeersCheck(Optional<Peers> peers) implements Check {
  @Override
  public String name() {
    return "PyTorch on this device";
  }

  @Override
  public List<Measurement> run() throws SkippedException {
    if (peers.isEmpty()) {
      throw new SkippedException(
          "no results of PyTorch: run benchmarks/peers/clay_torch.py and give --peers FILE");
    }
    if (peers.get().variants().isEmpty()) {
      throw new SkippedException("no variant of PyTorch ran; see the file of --peers");
    }
    List<Measurement> measurements = new ArrayList<>();
    for (Peers.Variant variant : peers.get().variants()) {
      measurements.add(
          Measurement.of(
              "%s, batch %d".formatted(variant.name(), variant.batch()),
              variant.chipsPerSecond(),
              "chips/s"));
    }
    peers
        .get()
        .composite()
        .ifPresent(
            chips -> measurements.add(Measurement.of("composite ceiling", chips, "chips/s")));
    return measurements;
  }
}
