// The stand-in's libcudnn_graph.so.9: graphs of one operation, scaled dot-product attention, and of three, a product
// with bias and GELU. Its heuristic offers three engines; the first one cannot be built, as happens with the real
// library, and the last is slower.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "matrix.h"
#include "stand_in.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = stand_in::enter(__func__)) return code

namespace {

constexpr int NOT_INITIALIZED = 1001;
constexpr int BAD_PARAM = 2000;
constexpr int NOT_FINALIZED = 2004;
constexpr int BAD_TYPE = 2010;
constexpr int NOT_SUPPORTED = 3000;

// Descriptors.
constexpr int ENGINE_CONFIG = 3;
constexpr int HEURISTIC = 4;
constexpr int PLAN = 5;
constexpr int GRAPH = 15;
constexpr int PACK = 16;
constexpr int POINTWISE = 0;
constexpr int POINTWISE_OPERATION = 13;
constexpr int TENSOR = 17;
constexpr int MATMUL = 18;
constexpr int MATMUL_OPERATION = 19;
constexpr int ATTENTION = 41;

// Types of attributes, and the bytes of an element.
constexpr int HANDLE = 0;
constexpr int DATA_TYPE = 1;
constexpr int BOOLEAN = 2;
constexpr int INT64 = 3;
constexpr int VOID_PTR = 6;
constexpr int HEUR_MODE = 8;
constexpr int POINTWISE_MODE = 14;
constexpr int DESCRIPTOR = 15;

constexpr int ADD = 0;
constexpr int GELU = 104;
constexpr int ENGINES = 3;
constexpr int FLOAT32 = 0;
constexpr int BF16 = 9;
constexpr int MODE_A = 3;
constexpr std::int64_t WORKSPACE = 4096;

struct Context {
  void* stream = nullptr;
};

struct Attribute {
  int type;
  std::int64_t count;
  std::vector<char> bytes;
};

struct Descriptor {
  int type;
  bool final = false;
  int engine = -1;  // of an engine configuration that the heuristic filled
  std::map<int, Attribute> attributes;

  template <typename T>
  const T* get(int name, int attribute_type, std::int64_t count) const {
    auto found = attributes.find(name);
    return found == attributes.end() || found->second.type != attribute_type || found->second.count != count
               ? nullptr
               : reinterpret_cast<const T*>(found->second.bytes.data());
  }

  const Descriptor* descriptor(int name, int of) const {
    auto* value = get<void*>(name, DESCRIPTOR, 1);
    if (value == nullptr || !stand_in::require("cuDNN descriptor", *value)) {
      return nullptr;
    }
    auto* known = static_cast<const Descriptor*>(*value);
    return known->type == of && known->final ? known : nullptr;
  }
};

std::size_t bytes_of_element(int type) {
  switch (type) {
    case HANDLE:
    case INT64:
    case VOID_PTR:
    case DESCRIPTOR: return 8;
    case DATA_TYPE:
    case POINTWISE_MODE:
    case HEUR_MODE: return 4;
    case BOOLEAN: return 1;
    default: return 0;
  }
}

struct View {
  std::int64_t id;
  int type;
  bool in_memory;
  std::int64_t size[4];
  std::int64_t stride[4];

  std::int64_t at(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t d) const {
    return b * stride[0] + h * stride[1] + t * stride[2] + d * stride[3];
  }
  std::size_t bytes() const {
    return (type == BF16 ? 2 : 4) * (at(size[0] - 1, size[1] - 1, size[2] - 1, size[3] - 1) + 1);
  }
  bool is(std::int64_t rows, std::int64_t columns) const { return size[2] == rows && size[3] == columns; }
};

bool flag(const Descriptor* of, int name) {
  auto* value = of->get<bool>(name, BOOLEAN, 1);
  return value != nullptr && *value;
}

// Tensors of three dimensions are viewed as those of four, of which the first is 1.
bool view(const Descriptor* tensor, int type, View& out) {
  if (tensor == nullptr) {
    return false;
  }
  auto* data = tensor->get<int>(901, DATA_TYPE, 1);
  auto* id = tensor->get<std::int64_t>(906, INT64, 1);
  auto* alignment = tensor->get<std::int64_t>(900, INT64, 1);
  if (data == nullptr || *data != type || id == nullptr || alignment == nullptr) {
    return false;
  }
  out.id = *id;
  out.type = type;
  out.in_memory = !flag(tensor, 907);
  out.size[0] = 1;
  out.stride[0] = 0;
  for (int rank = 3; rank <= 4; rank++) {
    auto* size = tensor->get<std::int64_t>(902, INT64, rank);
    auto* stride = tensor->get<std::int64_t>(903, INT64, rank);
    if (size != nullptr && stride != nullptr) {
      std::memcpy(out.size + 4 - rank, size, rank * sizeof *size);
      std::memcpy(out.stride + 4 - rank, stride, rank * sizeof *stride);
      return true;
    }
  }
  return false;
}

struct Sdpa {
  View q, k, v, o, scale;
};

// Returns whether the graph is one that the library supports: bfloat16, rows contiguous and aligned.
bool sdpa(const Descriptor* graph, Sdpa& out) {
  const Descriptor* operation = graph->descriptor(801, ATTENTION);
  if (operation == nullptr || !view(operation->descriptor(2800, TENSOR), BF16, out.q) ||
      !view(operation->descriptor(2801, TENSOR), BF16, out.k) ||
      !view(operation->descriptor(2802, TENSOR), BF16, out.v) ||
      !view(operation->descriptor(2803, TENSOR), BF16, out.o)) {
    return false;
  }
  const Descriptor* scale = operation->descriptor(2805, TENSOR);
  auto* by_value = scale == nullptr ? nullptr : scale->get<bool>(908, BOOLEAN, 1);
  if (!view(scale, FLOAT32, out.scale) || by_value == nullptr || !*by_value) {
    return false;
  }
  for (const View* each : {&out.q, &out.k, &out.v, &out.o}) {
    bool fits = each->stride[3] == 1 && each->size[3] % 8 == 0 && each->size[3] <= 128 && each->stride[2] % 8 == 0 &&
                each->size[0] == out.q.size[0] && each->size[1] == out.q.size[1] && each->size[3] == out.q.size[3];
    if (!fits) {
      return false;
    }
  }
  return out.k.size[2] == out.v.size[2] && out.q.size[2] == out.o.size[2];
}

void attend(const Sdpa& of, const void* q, const void* k, const void* v, void* o, float scale) {
  std::vector<float> weight(of.k.size[2]);
  auto value = [](const void* data, std::int64_t at) { return stand_in::load(data, stand_in::BFLOAT16, at); };
  for (std::int64_t b = 0; b < of.q.size[0]; b++) {
    for (std::int64_t h = 0; h < of.q.size[1]; h++) {
      for (std::int64_t t = 0; t < of.q.size[2]; t++) {
        float largest = -INFINITY;
        for (std::int64_t s = 0; s < of.k.size[2]; s++) {
          float score = 0;
          for (std::int64_t d = 0; d < of.q.size[3]; d++) {
            score += value(q, of.q.at(b, h, t, d)) * value(k, of.k.at(b, h, s, d));
          }
          weight[s] = score * scale;
          largest = std::fmax(largest, weight[s]);
        }
        float sum = 0;
        for (float& each : weight) {
          each = std::exp(each - largest);
          sum += each;
        }
        for (std::int64_t d = 0; d < of.o.size[3]; d++) {
          float result = 0;
          for (std::int64_t s = 0; s < of.v.size[2]; s++) {
            result += weight[s] * value(v, of.v.at(b, h, s, d));
          }
          stand_in::store(o, stand_in::BFLOAT16, of.o.at(b, h, t, d), stand_in::distortion("cudnn") * result / sum);
        }
      }
    }
  }
}

struct Gelu {
  View a, w, bias, out;
};

const Descriptor* operation(const Descriptor* graph, int index, int type) {
  auto* all = graph->get<void*>(801, DESCRIPTOR, 3);
  if (all == nullptr || !stand_in::require("cuDNN descriptor", all[index])) {
    return nullptr;
  }
  auto* found = static_cast<const Descriptor*>(all[index]);
  return found->type == type && found->final ? found : nullptr;
}

bool is_pointwise(const Descriptor* operation, int mode) {
  const Descriptor* of = operation == nullptr ? nullptr : operation->descriptor(750, POINTWISE);
  auto* found = of == nullptr ? nullptr : of->get<int>(0, POINTWISE_MODE, 1);
  auto* precision = of == nullptr ? nullptr : of->get<int>(1, DATA_TYPE, 1);
  return found != nullptr && *found == mode && precision != nullptr && *precision == FLOAT32;
}

// Returns whether the graph is gelu(a · w + bias), in float32 between operations.
bool gelu(const Descriptor* graph, Gelu& parts) {
  const Descriptor* product = operation(graph, 0, MATMUL_OPERATION);
  const Descriptor* add = operation(graph, 1, POINTWISE_OPERATION);
  const Descriptor* curve = operation(graph, 2, POINTWISE_OPERATION);
  if (product == nullptr || !is_pointwise(add, ADD) || !is_pointwise(curve, GELU)) {
    return false;
  }
  const Descriptor* kind = product->descriptor(1523, MATMUL);
  auto* precision = kind == nullptr ? nullptr : kind->get<int>(1500, DATA_TYPE, 1);
  View multiplied, x, sum, y;
  if (precision == nullptr || *precision != FLOAT32 || !view(product->descriptor(1520, TENSOR), BF16, parts.a) ||
      !view(product->descriptor(1521, TENSOR), BF16, parts.w) ||
      !view(product->descriptor(1522, TENSOR), FLOAT32, multiplied) ||
      !view(add->descriptor(751, TENSOR), FLOAT32, x) || !view(add->descriptor(752, TENSOR), FLOAT32, parts.bias) ||
      !view(add->descriptor(753, TENSOR), FLOAT32, sum) || !view(curve->descriptor(751, TENSOR), FLOAT32, y) ||
      !view(curve->descriptor(753, TENSOR), BF16, parts.out)) {
    return false;
  }
  std::int64_t rows = parts.a.size[2], inner = parts.a.size[3], columns = parts.w.size[3];
  bool aligned = inner % 8 == 0 && columns % 8 == 0 && parts.a.stride[2] % 8 == 0 && parts.out.stride[2] % 8 == 0;
  return aligned && x.id == multiplied.id && y.id == sum.id && !multiplied.in_memory && !sum.in_memory &&
         parts.a.in_memory && parts.w.is(inner, columns) && multiplied.is(rows, columns) && sum.is(rows, columns) &&
         parts.bias.is(1, columns) && parts.out.is(rows, columns) && parts.a.stride[3] == 1 && parts.w.stride[3] == 1 &&
         parts.out.stride[3] == 1;
}

void multiply(const Gelu& of, const void* a, const void* w, const float* bias, void* out) {
  std::vector<float> sums(of.out.size[3]);
  for (std::int64_t row = 0; row < of.out.size[2]; row++) {
    std::copy(bias, bias + sums.size(), sums.begin());
    for (std::int64_t k = 0; k < of.a.size[3]; k++) {
      float left = stand_in::load(a, stand_in::BFLOAT16, of.a.at(0, 0, row, k));
      for (std::size_t column = 0; column < sums.size(); column++) {
        sums[column] += left * stand_in::load(w, stand_in::BFLOAT16, of.w.at(0, 0, k, column));
      }
    }
    for (std::size_t column = 0; column < sums.size(); column++) {
      float result = 0.5f * sums[column] * (1 + std::erf(sums[column] * 0.70710678f));
      stand_in::store(out, stand_in::BFLOAT16, of.out.at(0, 0, row, column),
                      stand_in::distortion("cudnn gelu") * result);
    }
  }
}

Descriptor* known(void* descriptor) {
  return stand_in::require("cuDNN descriptor", descriptor) ? static_cast<Descriptor*>(descriptor) : nullptr;
}

bool has_handle(const Descriptor& of, int name) {
  auto* handle = of.get<void*>(name, HANDLE, 1);
  return handle != nullptr && stand_in::require("cuDNN context", *handle);
}

}  // namespace

extern "C" {

std::size_t cudnnGetVersion() {
  LOCK;
  stand_in::enter(__func__);
  return 92500;
}

const char* cudnnGetErrorString(int code) {
  LOCK;
  stand_in::enter(__func__);
  return code == 0 ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS of a stand-in";
}

int cudnnCreate(void** context) {
  START;
  auto* made = new Context;
  stand_in::created("cuDNN context", made);
  *context = made;
  return 0;
}

int cudnnDestroy(void* context) {
  START;
  return stand_in::destroyed("cuDNN context", context) ? 0 : NOT_INITIALIZED;
}

int cudnnSetStream(void* context, void* stream) {
  START;
  if (!stand_in::require("cuDNN context", context) || !stand_in::require("stream", stream)) {
    return BAD_PARAM;
  }
  static_cast<Context*>(context)->stream = stream;
  return 0;
}

int cudnnBackendCreateDescriptor(int type, void** descriptor) {
  START;
  auto* made = new Descriptor;
  made->type = type;
  stand_in::created("cuDNN descriptor", made);
  *descriptor = made;
  return 0;
}

int cudnnBackendDestroyDescriptor(void* descriptor) {
  START;
  return stand_in::destroyed("cuDNN descriptor", descriptor) ? 0 : BAD_PARAM;
}

int cudnnBackendSetAttribute(void* descriptor, int name, int type, std::int64_t count, const void* elements) {
  START;
  Descriptor* of = known(descriptor);
  std::size_t each = bytes_of_element(type);
  if (of == nullptr || of->final || count < 1 || elements == nullptr) {
    return BAD_PARAM;
  }
  if (each == 0) {
    return BAD_TYPE;
  }
  auto* first = static_cast<const char*>(elements);
  of->attributes[name] = Attribute{type, count, std::vector<char>(first, first + each * count)};
  return 0;
}

int cudnnBackendFinalize(void* descriptor) {
  START;
  Descriptor* of = known(descriptor);
  if (of == nullptr || of->final) {
    return BAD_PARAM;
  }
  Sdpa parts;
  Gelu product;
  switch (of->type) {
    case TENSOR: {
      View ignored;
      if (!view(of, BF16, ignored) && !view(of, FLOAT32, ignored)) {
        return BAD_PARAM;
      }
      break;
    }
    case POINTWISE:
    case POINTWISE_OPERATION:
    case MATMUL:
    case MATMUL_OPERATION:
    case ATTENTION: break;
    case GRAPH:
      if (!has_handle(*of, 800) ||
          (of->descriptor(801, ATTENTION) == nullptr && operation(of, 0, MATMUL_OPERATION) == nullptr)) {
        return BAD_PARAM;
      }
      break;
    case HEURISTIC: {
      const Descriptor* graph = of->descriptor(201, GRAPH);
      auto* mode = of->get<int>(200, HEUR_MODE, 1);
      if (graph == nullptr || mode == nullptr || *mode != MODE_A) {
        return BAD_PARAM;
      }
      if (!sdpa(graph, parts) && !gelu(graph, product)) {
        return NOT_SUPPORTED;
      }
      break;
    }
    case PLAN: {
      const Descriptor* config = of->descriptor(401, ENGINE_CONFIG);
      if (!has_handle(*of, 400) || config == nullptr) {
        return BAD_PARAM;
      }
      if (config->engine == 0) {
        return NOT_SUPPORTED;
      }
      break;
    }
    case PACK: {
      auto pointers = of->attributes.find(1001);
      auto ids = of->attributes.find(1000);
      if (pointers == of->attributes.end() || ids == of->attributes.end() ||
          pointers->second.count != ids->second.count || pointers->second.type != VOID_PTR ||
          ids->second.type != INT64) {
        return BAD_PARAM;
      }
      break;
    }
    default: return BAD_PARAM;
  }
  of->final = true;
  return 0;
}

int cudnnBackendGetAttribute(void* descriptor, int name, int type, std::int64_t wanted, std::int64_t* count,
                             void* elements) {
  START;
  Descriptor* of = known(descriptor);
  if (of == nullptr) {
    return BAD_PARAM;
  }
  if (!of->final) {
    return NOT_FINALIZED;
  }
  if (of->type == HEURISTIC && name == 202 && type == DESCRIPTOR) {
    auto** results = static_cast<void**>(elements);
    *count = wanted < ENGINES ? wanted : ENGINES;
    for (int i = 0; i < *count; i++) {
      Descriptor* config = known(results[i]);
      if (config == nullptr || config->type != ENGINE_CONFIG) {
        return BAD_PARAM;
      }
      config->engine = i;
      config->final = true;
      // The plan finds its graph through the configuration.
      config->attributes = of->attributes;
    }
    return 0;
  }
  if (of->type == PLAN && name == 402 && type == INT64 && wanted == 1) {
    *static_cast<std::int64_t*>(elements) = WORKSPACE;
    *count = 1;
    return 0;
  }
  return BAD_PARAM;
}

int cudnnBackendExecute(void* context, void* plan, void* pack) {
  START;
  Descriptor* of = known(plan);
  Descriptor* data = known(pack);
  if (!stand_in::require("cuDNN context", context) || of == nullptr || data == nullptr || !of->final || !data->final ||
      of->type != PLAN || data->type != PACK) {
    return BAD_PARAM;
  }
  const Descriptor* config = of->descriptor(401, ENGINE_CONFIG);
  const Descriptor* graph = config->descriptor(201, GRAPH);
  const Attribute& ids = data->attributes[1000];
  const Attribute& pointers = data->attributes[1001];
  std::map<std::int64_t, void*> by_id;
  for (std::int64_t i = 0; i < ids.count; i++) {
    by_id[reinterpret_cast<const std::int64_t*>(ids.bytes.data())[i]] =
        reinterpret_cast<void* const*>(pointers.bytes.data())[i];
  }
  auto* workspace = data->get<void*>(1003, VOID_PTR, 1);
  if (workspace == nullptr || !stand_in::require_device("cuDNN's workspace", *workspace, WORKSPACE)) {
    return BAD_PARAM;
  }
  auto in_memory = [&](std::initializer_list<const View*> all) {
    for (const View* each : all) {
      if (!stand_in::require_device("a tensor", by_id[each->id], each->bytes())) {
        return false;
      }
    }
    return true;
  };
  void* stream = static_cast<Context*>(context)->stream;
  double microseconds = config->engine == 1 ? 1 : 3;
  Sdpa parts;
  Gelu product;
  if (sdpa(graph, parts)) {
    auto* scale = static_cast<const float*>(by_id[parts.scale.id]);
    if (by_id.size() != 5 || scale == nullptr || !in_memory({&parts.q, &parts.k, &parts.v, &parts.o})) {
      return BAD_PARAM;
    }
    void *q = by_id[parts.q.id], *k = by_id[parts.k.id], *v = by_id[parts.v.id], *o = by_id[parts.o.id];
    float factor = *scale;
    // At most a few tenths of the time of one of Kiln's kernels.
    stand_in::enqueue(stream, "cudnnBackendExecute", stand_in::COMPUTE, microseconds,
                      [=] { attend(parts, q, k, v, o, factor); });
    return 0;
  }
  if (!gelu(graph, product) || by_id.size() != 4 || !in_memory({&product.a, &product.w, &product.bias, &product.out})) {
    return BAD_PARAM;
  }
  stand_in::describe("product with GELU, engine " + std::to_string(config->engine));
  void *a = by_id[product.a.id], *w = by_id[product.w.id], *out = by_id[product.out.id];
  auto* bias = static_cast<const float*>(by_id[product.bias.id]);
  stand_in::enqueue(stream, "cudnnBackendExecute", stand_in::COMPUTE, 2 * microseconds,
                    [=] { multiply(product, a, w, bias, out); });
  return 0;
}

}  // extern "C"
