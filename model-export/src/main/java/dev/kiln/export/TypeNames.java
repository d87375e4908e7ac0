package dev.kiln.export;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.kiln.type.DataType;
import java.util.Optional;

/** Names of data types in ONNX, PyTorch and safetensors files. */
final class TypeNames {
  private TypeNames() {}

  /** Returns the value of {@code TensorProto.DataType} for a type. */
  static int onnx(DataType type) {
    return switch (type) {
      case FP32 -> TensorProto.DataType.FLOAT_VALUE;
      case FP16 -> TensorProto.DataType.FLOAT16_VALUE;
      case BF16 -> TensorProto.DataType.BFLOAT16_VALUE;
    };
  }

  /** Returns the name of the storage class in module {@code torch} for a type. */
  static String torchStorage(DataType type) {
    return switch (type) {
      case FP32 -> "FloatStorage";
      case FP16 -> "HalfStorage";
      case BF16 -> "BFloat16Storage";
    };
  }

  /**
   * Returns the type with a name.
   *
   * @param name a storage class of PyTorch or a {@code dtype} of safetensors
   * @return empty if the name belongs to none of Kiln's types
   */
  static Optional<DataType> find(String name) {
    return switch (name) {
      case "FloatStorage", "F32" -> Optional.of(DataType.FP32);
      case "HalfStorage", "F16" -> Optional.of(DataType.FP16);
      case "BFloat16Storage", "BF16" -> Optional.of(DataType.BF16);
      default -> Optional.empty();
    };
  }
}
