package dev.kiln.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.model.Architecture;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OneDnnTraceTest {
  private static final OneDnnTrace LARGE = new OneDnnTrace(Architecture.named("large"), 1025);

  private static List<OneDnnTrace.Run> runs(String... lines) {
    Map<String, List<OneDnnTrace.Run>> found =
        LARGE.between(List.of(lines), "kiln: begin", "kiln: end");
    return found.values().stream().flatMap(List::stream).toList();
  }

  private static String line(String kind, String types, String shape) {
    return "onednn_verbose,v1,primitive,exec,cpu,%s,kernel,undef,%s,attr-scratchpad:user,,%s,0.5"
        .formatted(kind, types, shape);
  }

  @ParameterizedTest
  @CsvSource({
    "1024x256:256x1024, patch embedding",
    "1025x1024:1024x3072, qkv",
    "1025x1024:1024x2048, qkv",
    "4x1025x64:4x64x1025, scores",
    "4x1025x1025:4x1025x64, weighted sum",
    "1025x1024:1024x1024, out",
    "1025x1024:1024x4096, up",
    "1025x4096:4096x1024, down",
    "1x1024:1024x1024, token 0 of the last block",
    "16x1x64:16x64x1025, token 0 of the last block",
  })
  void knowsProductsByTheirShapes(String shape, String name) {
    assertThat(runs("kiln: begin", line("matmul", "src:f32 wei:f32 dst:f32", shape), "kiln: end"))
        .extracting(OneDnnTrace.Run::name)
        .containsExactly(name);
  }

  @Test
  void countsOperationsAndBytes() {
    assertThat(
            runs(
                "kiln: begin",
                line("matmul", "src:bf16::blocked:abc::f0 dst:f32", "2x3x5:2x5x7"),
                line("softmax", "src:f32::blocked:abc::f0 dst:bf16::blocked", "2x3x5"),
                line("layer_normalization", "src:f32::f0 dst:f32::f0", "3x5"),
                "kiln: end"))
        .extracting(OneDnnTrace.Run::work)
        .containsExactlyInAnyOrder(2.0 * 2 * 3 * 5 * 7, 30.0 * 6, 15.0 * 8);
  }

  @Test
  void readsKilnsOwnOperations() {
    assertThat(
            runs(
                "kiln: begin",
                line("attention", "src:f32", "16x1025x64:16x1025x64").replace("onednn", "kiln"),
                "kiln: end"))
        .containsExactly(
            new OneDnnTrace.Run("attention", "kernel", 4.0 * 16 * 1025 * 1025 * 64, 0.5));
  }

  @Test
  void readsOnlyWhatRanBetweenTheLines() {
    String norm = line("layer_normalization", "src:f32 dst:f32", "3x5");
    assertThat(runs(norm, "kiln: begin", "onednn_verbose,v1,info,cpu,isa", "kiln: end 3", norm))
        .isEmpty();
    assertThat(runs(norm, "kiln: begin", norm, norm, "kiln: end 3", norm))
        .hasSize(2)
        .extracting(OneDnnTrace.Run::milliseconds)
        .containsOnly(0.5);
  }
}
