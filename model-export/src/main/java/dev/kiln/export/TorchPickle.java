package dev.kiln.export;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;

/**
 * Reads the pickle inside a PyTorch checkpoint without running anything that it names.
 *
 * <p>A pickle is a program: it looks up classes and functions by name and calls them. Here a name
 * is only ever a {@link Name}. A call that rebuilds a tensor becomes a {@link Tensor} and an {@code
 * OrderedDict} becomes a map; every other call becomes an {@link Opaque} with the name of the
 * callee. The library's own table of constructors is never used. Maps keep only their string keys:
 * no other key leads to a weight.
 */
final class TorchPickle extends Unpickler {

  /** A class or function that the pickle names. */
  record Name(String module, String name) {
    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** A value that was not created, described for messages. */
  record Opaque(String what) {
    @Override
    public String toString() {
      return what;
    }
  }

  /** A storage by its class, such as {@code FloatStorage}, and its key in the archive. */
  record StorageKey(String type, String key) {}

  /** A tensor as the pickle describes it: offset and strides in elements of its storage. */
  record Tensor(StorageKey storage, long offset, List<Long> shape, List<Long> strides) {}

  private TorchPickle() {}

  /**
   * Reads the value that the stream describes: maps, lists, arrays for tuples, text, numbers,
   * {@link Tensor}s and {@link Opaque}s.
   *
   * @throws IOException if the stream is not a pickle
   */
  static Object read(InputStream pickle) throws IOException {
    try {
      return new TorchPickle().load(pickle);
    } catch (RuntimeException e) {
      // The library does not catch the stack underflows and failed casts of a broken stream.
      throw new IOException("expected a pickle, found a damaged one: " + e, e);
    }
  }

  /** Describes an unexpected value for a message. */
  static String describe(Object value) {
    if (value instanceof Opaque opaque) {
      return opaque.what() + ", which Kiln does not run";
    }
    return value == null ? "None" : "a " + value.getClass().getSimpleName();
  }

  @Override
  protected Object dispatch(short opcode) throws IOException {
    switch (opcode) {
      case Opcodes.GLOBAL -> stack.add(readName());
      case Opcodes.STACK_GLOBAL -> {
        String name = (String) stack.pop();
        stack.add(new Name((String) stack.pop(), name));
      }
      case Opcodes.INST -> {
        Name callee = readName();
        stack.add(call(callee, stack.pop_all_since_marker()));
      }
      case Opcodes.OBJ -> {
        List<Object> items = stack.pop_all_since_marker();
        stack.add(call(items.get(0), items.subList(1, items.size())));
      }
      case Opcodes.REDUCE, Opcodes.NEWOBJ -> {
        List<Object> arguments = Arrays.asList((Object[]) stack.pop());
        stack.add(call(stack.pop(), arguments));
      }
      case Opcodes.NEWOBJ_EX -> {
        stack.pop();
        stack.pop();
        stack.add(call(stack.pop(), List.of()));
      }
      // The state of an object that stays opaque, or attributes of a map: neither is needed.
      case Opcodes.BUILD -> stack.pop();
      case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<String, Object>());
      case Opcodes.DICT -> {
        List<Object> items = stack.pop_all_since_marker();
        stack.add(new LinkedHashMap<String, Object>());
        setItems(items);
      }
      case Opcodes.SETITEM -> {
        Object value = stack.pop();
        setItems(Arrays.asList(stack.pop(), value));
      }
      case Opcodes.SETITEMS -> setItems(stack.pop_all_since_marker());
      case Opcodes.APPEND -> append(Arrays.asList(stack.pop()));
      case Opcodes.APPENDS -> append(stack.pop_all_since_marker());
      case Opcodes.EMPTY_SET -> stack.add(new Opaque("a set"));
      case Opcodes.ADDITEMS -> stack.pop_all_since_marker();
      case Opcodes.FROZENSET -> {
        stack.pop_all_since_marker();
        stack.add(new Opaque("a set"));
      }
      default -> {
        return super.dispatch(opcode);
      }
    }
    return NO_RETURN_VALUE;
  }

  /** A storage is named as {@code ("storage", class, key, device, elements)}. */
  @Override
  protected Object persistentLoad(Object id) {
    if (id instanceof Object[] parts
        && parts.length >= 3
        && "storage".equals(parts[0])
        && parts[1] instanceof Name type
        && parts[2] instanceof String key) {
      return new StorageKey(type.name(), key);
    }
    return new Opaque("a persistent id that is not a storage");
  }

  private Name readName() throws IOException {
    String module = PickleUtils.readline(input);
    return new Name(module, PickleUtils.readline(input));
  }

  private static Object call(Object callee, List<Object> arguments) {
    if (!(callee instanceof Name name)) {
      return new Opaque("a call of " + (callee instanceof Opaque o ? o.what() : "a value"));
    }
    return switch (name.toString()) {
      case "collections.OrderedDict" -> new LinkedHashMap<String, Object>();
      case "torch._utils._rebuild_tensor_v2" -> tensor(name, arguments);
      case "torch._utils._rebuild_parameter" -> arguments.get(0);
      default -> new Opaque("a call of " + name);
    };
  }

  /** Arguments: storage, offset, shape, strides, and flags that do not matter here. */
  private static Object tensor(Name name, List<Object> arguments) {
    if (arguments.size() >= 4
        && arguments.get(0) instanceof StorageKey storage
        && arguments.get(1) instanceof Number offset
        && arguments.get(2) instanceof Object[] shape
        && arguments.get(3) instanceof Object[] strides) {
      return new Tensor(storage, offset.longValue(), longs(shape), longs(strides));
    }
    return new Opaque("a call of " + name + " with arguments that make no tensor");
  }

  private static List<Long> longs(Object[] numbers) {
    return Arrays.stream(numbers).map(n -> ((Number) n).longValue()).toList();
  }

  /** Items alternate key and value; what is set on an opaque value stays unknown. */
  private void setItems(List<Object> items) {
    if (stack.peek() instanceof Map<?, ?> map) {
      @SuppressWarnings("unchecked")
      Map<String, Object> target = (Map<String, Object>) map;
      for (int i = 0; i + 1 < items.size(); i += 2) {
        if (items.get(i) instanceof String key) {
          target.put(key, items.get(i + 1));
        }
      }
    }
  }

  private void append(List<Object> items) {
    if (stack.peek() instanceof List<?> list) {
      @SuppressWarnings("unchecked")
      List<Object> target = (List<Object>) list;
      target.addAll(items);
    }
  }
}
