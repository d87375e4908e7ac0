// The stand-in's libcudnn_graph.so.9: graphs of one operation, scaled dot-product attention. Its heuristic offers two
// engines; the first one cannot be built, as happens with the real library.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
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
constexpr int TENSOR = 17;
constexpr int ATTENTION = 41;

// Types of attributes, and the bytes of an element.
constexpr int HANDLE = 0;
constexpr int DATA_TYPE = 1;
constexpr int BOOLEAN = 2;
constexpr int INT64 = 3;
constexpr int VOID_PTR = 6;
constexpr int HEUR_MODE = 8;
constexpr int DESCRIPTOR = 15;

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
    case HEUR_MODE: return 4;
    case BOOLEAN: return 1;
    default: return 0;
  }
}

struct View {
  std::int64_t id;
  std::int64_t size[4];
  std::int64_t stride[4];

  std::int64_t at(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t d) const {
    return b * stride[0] + h * stride[1] + t * stride[2] + d * stride[3];
  }
  std::size_t bytes() const { return 2 * (at(size[0] - 1, size[1] - 1, size[2] - 1, size[3] - 1) + 1); }
};

bool view(const Descriptor* tensor, int type, View& out) {
  if (tensor == nullptr) {
    return false;
  }
  auto* data = tensor->get<int>(901, DATA_TYPE, 1);
  auto* size = tensor->get<std::int64_t>(902, INT64, 4);
  auto* stride = tensor->get<std::int64_t>(903, INT64, 4);
  auto* id = tensor->get<std::int64_t>(906, INT64, 1);
  auto* alignment = tensor->get<std::int64_t>(900, INT64, 1);
  if (data == nullptr || *data != type || size == nullptr || stride == nullptr || id == nullptr ||
      alignment == nullptr) {
    return false;
  }
  out.id = *id;
  std::memcpy(out.size, size, sizeof out.size);
  std::memcpy(out.stride, stride, sizeof out.stride);
  return true;
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
  switch (of->type) {
    case TENSOR: {
      View ignored;
      if (!view(of, BF16, ignored) && !view(of, FLOAT32, ignored)) {
        return BAD_PARAM;
      }
      break;
    }
    case ATTENTION: break;
    case GRAPH:
      if (!has_handle(*of, 800) || of->descriptor(801, ATTENTION) == nullptr) {
        return BAD_PARAM;
      }
      break;
    case HEURISTIC: {
      const Descriptor* graph = of->descriptor(201, GRAPH);
      auto* mode = of->get<int>(200, HEUR_MODE, 1);
      if (graph == nullptr || mode == nullptr || *mode != MODE_A) {
        return BAD_PARAM;
      }
      if (!sdpa(graph, parts)) {
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
    *count = wanted < 2 ? wanted : 2;
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
  Sdpa parts;
  if (!sdpa(of->descriptor(401, ENGINE_CONFIG)->descriptor(201, GRAPH), parts)) {
    return BAD_PARAM;
  }
  const Attribute& ids = data->attributes[1000];
  const Attribute& pointers = data->attributes[1001];
  std::map<std::int64_t, void*> by_id;
  for (std::int64_t i = 0; i < ids.count; i++) {
    by_id[reinterpret_cast<const std::int64_t*>(ids.bytes.data())[i]] =
        reinterpret_cast<void* const*>(pointers.bytes.data())[i];
  }
  auto* workspace = data->get<void*>(1003, VOID_PTR, 1);
  bool valid =
      by_id.size() == 5 && workspace != nullptr && stand_in::require_device("cuDNN's workspace", *workspace, WORKSPACE);
  for (const View* each : {&parts.q, &parts.k, &parts.v, &parts.o}) {
    valid = valid && stand_in::require_device("attention", by_id[each->id], each->bytes());
  }
  auto* scale = static_cast<const float*>(by_id[parts.scale.id]);
  if (!valid || scale == nullptr) {
    return BAD_PARAM;
  }
  void *q = by_id[parts.q.id], *k = by_id[parts.k.id], *v = by_id[parts.v.id], *o = by_id[parts.o.id];
  float factor = *scale;
  // A tenth of the time of one of Kiln's kernels.
  stand_in::enqueue(static_cast<Context*>(context)->stream, "cudnnBackendExecute", stand_in::COMPUTE, 1,
                    [=] { attend(parts, q, k, v, o, factor); });
  return 0;
}

}  // extern "C"
