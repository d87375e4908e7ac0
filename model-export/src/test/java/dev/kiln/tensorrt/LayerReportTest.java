package dev.kiln.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.tensorrt.PlanDescription.Attention;
import org.junit.jupiter.api.Test;

class LayerReportTest {
  /** The inspector's report of a plan that was built with details. */
  @Test
  void fusedAttention() {
    Attention attention =
        LayerReport.attention(
            """
            {"Layers": [
              {"Name": "__myl_CastLayNor_myl0_3", "LayerType": "kgen", "TacticName": "__myl_CastLayNor_0x1"},
              {"Name": "_gemm_mha_v2_myl0_5", "LayerType": "gemm",
               "TacticName": "_gemm_mha_v2_0xabc", "Metadata": "[ONNX Layer: block.0.attention/attended]"},
              {"Name": "block.0.attention/out_myl0_6", "LayerType": "gemm",
               "TacticName": "sm90_xmma_gemm_bf16bf16_bf16f32"},
              {"Name": "_gemm_mha_v2_myl0_15", "LayerType": "gemm", "TacticName": "_gemm_mha_v2_0xabc"}
             ], "Bindings": ["patches", "embedding"]}
            """,
            3);
    assertThat(attention.fused()).isEqualTo(2);
    assertThat(attention.complete()).isTrue();
    assertThat(attention.kernels()).hasSize(1);
    assertThat(attention)
        .hasToString("2 fused attention kernels in 3 blocks (" + attention.kernels().get(0) + ")");
    assertThat(attention.kernels().get(0)).startsWith("_gemm_mha_v2");
  }

  @Test
  void layersWithNamesOnly() {
    Attention attention =
        LayerReport.attention(
            "{\"Layers\": [\"fmha_sm90_bf16_64_myl0_4\", \"block.1.attention/attended\"]}", 2);
    assertThat(attention.fused()).isOne();
    assertThat(attention.kernels()).containsExactly("fmha_sm90_bf16_64");
  }

  /** Names of the graph mention attention, but are not kernels. */
  @Test
  void unfusedAttention() {
    Attention attention =
        LayerReport.attention(
            """
            {"Layers": [
              {"Name": "block.0.attention/attended_bmm1", "TacticName": "sm80_xmma_gemm"},
              {"Name": "block.0.attention/attended_softmax", "TacticName": "__myl_MaxSubExpSumDiv"},
              {"Name": "other", "Metadata": "_gemm_mha_v2"}]}
            """,
            2);
    assertThat(attention.fused()).isZero();
    assertThat(attention.complete()).isFalse();
    assertThat(attention).hasToString("no fused attention kernel in 2 blocks");
  }

  @Test
  void attentionFusedInSomeBlocks() {
    String json = "{\"Layers\": [\"_gemm_mha_v2_myl0_5\", \"_gemm_mha_v2_myl0_9\"]}";
    assertThat(LayerReport.attention(json, 2).complete()).isTrue();
    assertThat(LayerReport.attention(json, 4).complete()).isFalse();
  }

  @Test
  void reportWithoutLayers() {
    assertThat(LayerReport.attention("{}", 2).fused()).isZero();
    assertThatThrownBy(() -> LayerReport.attention("{\"Layers\": [", 2))
        .isInstanceOf(TensorRtException.class)
        .hasMessageContaining("layer report");
  }
}
