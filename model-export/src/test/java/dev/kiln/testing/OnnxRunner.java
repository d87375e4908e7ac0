package dev.kiln.testing;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** Runs an exported graph in ONNX Runtime on the CPU. */
public final class OnnxRunner {
  private OnnxRunner() {}

  /** The graph's one output for a golden case, row-major. */
  public static float[] run(Path graph, GoldenCase golden, float[] patches) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    int batch = golden.batch();
    int side = golden.chip() / 8;
    int l = side * side;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = environment.createSession(graph.toString(), options);
        OnnxTensor rows = tensor(patches, batch, l, patches.length / batch / l);
        OnnxTensor gsd = tensor(new float[] {golden.gsd()}, 1);
        OnnxTensor time = tensor(golden.time().values(), batch, 4);
        OnnxTensor latlon = tensor(golden.latlon().values(), batch, 4);
        OrtSession.Result result =
            session.run(Map.of("patches", rows, "gsd", gsd, "time", time, "latlon", latlon))) {
      FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] output = new float[values.remaining()];
      values.get(output);
      return output;
    }
  }

  private static OnnxTensor tensor(float[] values, long... shape) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
  }
}
