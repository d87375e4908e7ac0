package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GoldenCase;
import dev.kiln.testing.OnnxRunner;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The graphs for TensorRT, rounded as a GPU rounds, against the published PyTorch encoder. */
class TypedModelTest {
  @TempDir Path temp;

  private static Path micro() {
    return MicroWeights.file().getParent();
  }

  private ModelDirectory export(Path checkpoint, List<GoldenCase> cases) {
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    return Exporter.export(
        checkpoint,
        new Exporter.Options(
            cases.stream().map(GoldenCase::platform).map(catalog::get).toList(),
            cases.stream().map(GoldenCase::chip).toList(),
            false,
            false),
        temp.resolve("model"));
  }

  private ModelProto write(ModelDirectory model, GoldenCase golden, DataType products)
      throws Exception {
    Path directory = Files.createDirectory(temp.resolve(golden.name()));
    TypedModel typed =
        new TypedModel(model.encoder(golden.platform(), golden.chip()), products, true);
    return ModelProto.parseFrom(Files.readAllBytes(typed.write(directory)));
  }

  /** In float32 the typed graph is the exported one: its casts vanish and nothing else differs. */
  @Test
  void float32IsTheExportedGraph() throws Exception {
    List<GoldenCase> cases = GoldenCase.under(micro());
    ModelDirectory model = export(MicroWeights.file(), cases);
    for (GoldenCase golden : cases) {
      ModelProto exported =
          ModelProto.parseFrom(Files.readAllBytes(model.graph(golden.platform(), golden.chip())));
      ModelProto typed = write(model, golden, DataType.FP32);
      assertThat(operators(typed)).isEqualTo(operators(exported));
    }
  }

  private static List<String> operators(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .map(node -> node.getOpType() + " " + node.getInputList() + node.getOutputList())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"FP16, 3e-3", "BF16, 1e-2"})
  void microCasesAgree(DataType products, double tolerance) throws Exception {
    checkCases(micro(), MicroWeights.file(), products, tolerance);
  }

  @ParameterizedTest
  @CsvSource({"FP16, 3e-3", "BF16, 1e-2"})
  void tinyCasesAgree(DataType products, double tolerance) throws Exception {
    Path golden = Path.of(System.getProperty("kiln.shared", "../shared")).resolve("golden");
    Path checkpoint = golden.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    checkCases(golden, checkpoint, products, tolerance);
  }

  private void checkCases(Path directory, Path checkpoint, DataType products, double tolerance)
      throws Exception {
    List<GoldenCase> cases = GoldenCase.under(directory);
    ModelDirectory model = export(checkpoint, cases);
    int dim = model.architecture().dim();
    for (GoldenCase golden : cases) {
      ModelProto rounded = RoundedGraph.of(write(model, golden, products));
      Path graph = temp.resolve(golden.name()).resolve("rounded.onnx");
      Files.write(graph, rounded.toByteArray());
      float[] patches = golden.patches(model.platform(golden.platform()));
      float[] embeddings = OnnxRunner.run(graph, golden, patches);
      float[] expected = golden.embeddings().values();
      for (int chip = 0; chip < golden.batch(); chip++) {
        double error = GoldenTest.error(embeddings, expected, chip * dim, dim);
        // That something was rounded is part of what is shown.
        assertThat(error).as("%s, chip %d", golden.name(), chip).isBetween(1e-5, tolerance);
        assertThat(cosine(embeddings, expected, chip * dim, dim)).isGreaterThan(0.9999);
      }
    }
  }

  private static double cosine(float[] a, float[] b, int from, int count) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = from; i < from + count; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  /** Where each type starts and ends: a cast too many costs time, one too few precision. */
  @ParameterizedTest
  @EnumSource(names = {"FP16", "BF16"})
  void castsStandWhereTypesMeet(DataType products) throws Exception {
    GoldenCase golden = GoldenCase.under(micro()).get(0);
    ModelDirectory model = export(MicroWeights.file(), List.of(golden));
    ModelProto typed = write(model, golden, products);
    Map<String, Integer> types = RoundedGraph.types(typed);

    assertThat(typed.getGraph().getInput(0).getName()).isEqualTo("patches");
    assertThat(types).containsEntry("patches", TypeNames.onnx(products));
    for (String name : List.of("gsd", "time", "latlon", "embedding")) {
      assertThat(types).containsEntry(name, TypeNames.onnx(DataType.FP32));
    }
    for (NodeProto node : typed.getGraph().getNodeList()) {
      int type = types.get(node.getOutput(0));
      switch (node.getOpType()) {
        case "MatMul", "Gelu", "Attention" ->
            assertThat(type).as(node.getName()).isEqualTo(TypeNames.onnx(products));
        case "LayerNormalization", "Sin", "Cos" ->
            assertThat(type).as(node.getName()).isEqualTo(TypeNames.onnx(DataType.FP32));
        default -> {}
      }
    }
    // micro has two blocks: LayerNorm to product twice a block, product to sum twice a block,
    // and the patches' product.
    assertThat(casts(typed))
        .containsExactlyInAnyOrder(
            "embed/product/wide",
            "block.0.attention.norm/narrow",
            "block.0.attention/out/wide",
            "block.0.mlp.norm/narrow",
            "block.0.mlp.down/product/wide",
            "block.1.attention.norm/narrow",
            "block.1.attention/out/wide",
            "block.1.mlp.norm/narrow",
            "block.1.mlp.down/product/wide");
    assertThat(narrowWeights(typed))
        .contains(
            "block.0.attention.qkv",
            "block.1.mlp.up.bias",
            "patch.%s.weight".formatted(golden.platform()))
        .doesNotContain("cls_token", "block.1.mlp.down.bias", "norm.weight", "position.omega");
  }

  private static List<String> casts(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .filter(node -> node.getOpType().equals("Cast"))
        .map(NodeProto::getName)
        .toList();
  }

  private static List<String> narrowWeights(ModelProto model) {
    return model.getGraph().getInitializerList().stream()
        .filter(weight -> RoundedGraph.isNarrow(weight.getDataType()))
        .map(TensorProto::getName)
        .toList();
  }

  /** Only the last block, of one query, may be taken apart, unless fusing failed before. */
  @Test
  void attentionMustBeFused() throws Exception {
    GoldenCase golden = GoldenCase.under(micro()).get(0);
    ModelDirectory model = export(MicroWeights.file(), List.of(golden));
    assertThat(decomposable(model, golden, true)).isEqualTo("block.1.attention/attended");
    assertThat(decomposable(model, golden, false))
        .isEqualTo("block.0.attention/attended block.1.attention/attended");
  }

  private String decomposable(ModelDirectory model, GoldenCase golden, boolean fused)
      throws Exception {
    Path directory = Files.createDirectory(temp.resolve("fused-" + fused));
    Path graph =
        new TypedModel(model.encoder(golden.platform(), golden.chip()), DataType.BF16, fused)
            .write(directory);
    return ModelProto.parseFrom(Files.readAllBytes(graph)).getGraph().getNodeList().stream()
        .filter(
            node ->
                node.getAttributeList().stream()
                    .anyMatch(a -> a.getName().equals("TRT_decomposable") && a.getI() == 1))
        .map(NodeProto::getName)
        .collect(Collectors.joining(" "));
  }

  @Test
  void hashFollowsWhatIsCompiled() throws Exception {
    ModelDirectory model = export(MicroWeights.file(), GoldenCase.under(micro()));
    TypedModel typed = new TypedModel(model.encoder("naip", 256), DataType.BF16, true);
    assertThat(typed.graphHash())
        .matches("[0-9a-f]{64}")
        .isEqualTo(new TypedModel(model.encoder("naip", 256), DataType.BF16, true).graphHash())
        .isNotEqualTo(new TypedModel(model.encoder("naip", 128), DataType.BF16, true).graphHash())
        .isNotEqualTo(new TypedModel(model.encoder("naip", 256), DataType.FP16, true).graphHash());
  }

  @Test
  void leavesOtherPlatformsOut() throws Exception {
    List<GoldenCase> cases = GoldenCase.under(micro());
    ModelDirectory model = export(MicroWeights.file(), cases);
    ModelProto typed = write(model, cases.get(0), DataType.BF16);
    long size = Files.size(temp.resolve(cases.get(0).name()).resolve("encoder.bin"));
    // In 16 bits and without the others' patch embeddings, less than two thirds.
    assertThat(size).isLessThan(model.description().weights().bytes() * 2 / 3);
    assertThat(narrowWeights(typed)).filteredOn(name -> name.startsWith("patch.")).hasSize(1);
  }

  @Test
  void platformMustHaveBeenExported() {
    ModelDirectory model =
        Exporter.export(
            MicroWeights.file(),
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
            temp.resolve("model"));
    assertThatThrownBy(() -> new TypedModel(model.encoder("linz", 256), DataType.BF16, true))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("linz", "--platform");
  }
}
