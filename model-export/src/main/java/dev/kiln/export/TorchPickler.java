package dev.kiln.export;

import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.IObjectPickler;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Pickler;

/** Writes values as {@code torch.save} pickles them, protocol 2. */
final class TorchPickler extends Pickler {

  /** A map that Python reads as a {@code collections.OrderedDict}. */
  record OrderedDict(Map<String, Object> items) {}

  /**
   * A view of a storage.
   *
   * @param elements number of elements in the storage
   * @param offset first element of the tensor
   */
  record Tensor(
      DataType type, String key, long elements, long offset, List<Long> shape, List<Long> strides) {

    /** A tensor that fills a storage of its own. */
    static Tensor whole(DataType type, String key, List<Long> shape) {
      long elements = shape.stream().reduce(1L, Math::multiplyExact);
      return new Tensor(type, key, elements, 0, shape, StoredTensor.contiguous(shape));
    }
  }

  /** An object that Python makes by calling a class with these arguments. */
  record Call(String module, String name, List<Object> arguments) {}

  @Override
  protected IObjectPickler getCustomPickler(Class<?> type) {
    if (type == OrderedDict.class) {
      return (value, out, pickler) -> writeOrderedDict((OrderedDict) value);
    }
    if (type == Tensor.class) {
      return (value, out, pickler) -> writeTensor((Tensor) value);
    }
    if (type == Call.class) {
      return (value, out, pickler) -> writeCall((Call) value);
    }
    return super.getCustomPickler(type);
  }

  private void writeOrderedDict(OrderedDict dict) throws IOException {
    writeCall(new Call("collections", "OrderedDict", List.of()));
    out.write(Opcodes.MARK);
    for (Map.Entry<String, Object> item : dict.items().entrySet()) {
      save(item.getKey());
      save(item.getValue());
    }
    out.write(Opcodes.SETITEMS);
  }

  /** {@code _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)}. */
  private void writeTensor(Tensor tensor) throws IOException {
    global(out, "torch._utils", "_rebuild_tensor_v2");
    out.write(Opcodes.MARK);
    out.write(Opcodes.MARK);
    save("storage");
    global(out, "torch", TypeNames.torchStorage(tensor.type()));
    save(tensor.key());
    save("cpu");
    save(tensor.elements());
    out.write(Opcodes.TUPLE);
    out.write(Opcodes.BINPERSID);
    save(tensor.offset());
    save(tensor.shape().toArray());
    save(tensor.strides().toArray());
    save(false);
    writeCall(new Call("collections", "OrderedDict", List.of()));
    out.write(Opcodes.TUPLE);
    out.write(Opcodes.REDUCE);
  }

  private void writeCall(Call call) throws IOException {
    global(out, call.module(), call.name());
    save(call.arguments().toArray());
    out.write(Opcodes.REDUCE);
  }

  private static void global(OutputStream out, String module, String name) throws IOException {
    out.write(Opcodes.GLOBAL);
    out.write((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
  }
}
