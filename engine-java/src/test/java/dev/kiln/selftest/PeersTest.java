package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of {@code benchmarks/peers/clay_torch.py}. */
class PeersTest {
  @TempDir Path directory;

  private Path file(String json) throws IOException {
    return Files.writeString(directory.resolve("peers.json"), json);
  }

  @Test
  void variantsAndTheCompositeCeilingAreRead() throws Exception {
    Peers peers =
        Peers.read(
            file(
                """
                {"torch": "2.13.0", "device": "cuda", "model": "large", "results": [
                  {"name": "ceiling gemm qkv", "rows": 65600, "tflops": 700.5},
                  {"name": "composite ceiling", "batch": 64, "chips_per_second": 890.0},
                  {"name": "compiled blocks", "relative_error": 0.004},
                  {"name": "compiled blocks", "batch": 64, "chips_per_second": 612.5},
                  {"name": "compiled blocks", "batch": 128, "chips_per_second": 630},
                  {"name": "eager bf16, cuDNN SDPA", "failed": "RuntimeError: no kernel"},
                  {"name": "best variant", "variant": "compiled blocks", "batch": 128,
                   "chips_per_second": 630}]}
                """));
    assertThat(peers.model()).isEqualTo("large");
    assertThat(peers.variants())
        .containsExactly(
            new Peers.Variant("compiled blocks", 64, 612.5),
            new Peers.Variant("compiled blocks", 128, 630));
    assertThat(peers.best()).contains(new Peers.Variant("compiled blocks", 128, 630));
    assertThat(peers.composite()).hasValue(890);
    assertThat(new PeersCheck(Optional.of(peers)).run())
        .extracting(Measurement::toString)
        .containsExactly(
            "compiled blocks, batch 64 612.5 chips/s",
            "compiled blocks, batch 128 630 chips/s",
            "composite ceiling 890 chips/s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "{\"results\": []}", "{\"model\": \"large\", \"results\": 1}"})
  void otherFilesAreRefused(String json) throws IOException {
    Path file = file(json);
    assertThatThrownBy(() -> Peers.read(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--peers " + file + ": expected the file that benchmarks/peers/");
  }

  @Test
  void withoutResultsThereIsNothingToCompare() throws Exception {
    assertThatThrownBy(() -> new PeersCheck(Optional.empty()).run())
        .isInstanceOf(SkippedException.class)
        .hasMessageContaining("--peers FILE");
    Peers none = Peers.read(file("{\"model\": \"large\", \"results\": []}"));
    assertThatThrownBy(() -> new PeersCheck(Optional.of(none)).run())
        .isInstanceOf(SkippedException.class)
        .hasMessageContaining("no variant of PyTorch ran");
  }
}
