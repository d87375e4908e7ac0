// The stand-in's libcublasLt.so.13. Its heuristic offers three algorithms, of which the second is the fastest on the
// simulated clock.
#include <cstdint>
#include <cstring>
#include <string>

#include "matrix.h"
#include "stand_in.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = stand_in::enter(__func__)) return code

namespace {

constexpr int NOT_INITIALIZED = 1;
constexpr int INVALID_VALUE = 7;
constexpr int NOT_SUPPORTED = 15;

constexpr int EPILOGUE_DEFAULT = 1;
constexpr int EPILOGUE_BIAS = 4;
constexpr int ALGORITHMS = 3;
constexpr std::uint64_t MAGIC = 0x4B494C4E;

// Microseconds per operation, times 1e9.
constexpr double PACE[ALGORITHMS] = {3, 1.5, 2};

struct Operation {
  int compute;
  int scale;
  int a_op = 0;
  int b_op = 0;
  int epilogue = EPILOGUE_DEFAULT;
  int bias_type = -1;
  const float* bias = nullptr;
};

struct Preference {
  std::uint64_t workspace = 0;
};

struct Algorithm {
  std::uint64_t data[8];
};

struct Result {
  Algorithm algorithm;
  std::size_t workspace;
  int state;
  float waves;
  int reserved[4];
};

template <typename T>
T* get(const char* kind, void* handle) {
  return stand_in::require(kind, handle) ? static_cast<T*>(handle) : nullptr;
}

template <typename T>
int set(T& field, const void* value, std::size_t bytes) {
  if (bytes != sizeof(T)) {
    return INVALID_VALUE;
  }
  std::memcpy(&field, value, bytes);
  return 0;
}

// The part of the library's table of supported types that Kiln uses.
bool supported(const Operation& of, const stand_in::Matrix& a, const stand_in::Matrix& b, const stand_in::Matrix& d) {
  bool bias = of.epilogue == EPILOGUE_BIAS;
  return of.compute == 68 && of.scale == stand_in::FLOAT && of.a_op == 0 && of.b_op == 0 &&
         a.type == stand_in::BFLOAT16 && b.type == stand_in::BFLOAT16 && a.rows == d.rows && b.columns == d.columns &&
         a.columns == b.rows && (of.epilogue == EPILOGUE_DEFAULT || bias) &&
         (!bias || (of.bias_type == stand_in::FLOAT && d.type == stand_in::FLOAT));
}

}  // namespace

extern "C" {

std::size_t cublasLtGetVersion() {
  LOCK;
  stand_in::enter(__func__);
  return 130300;
}

const char* cublasLtGetStatusString(int code) {
  LOCK;
  stand_in::enter(__func__);
  return code == 0 ? "the operation completed successfully" : "an operation of cuBLASLt failed";
}

int cublasLtCreate(void** context) {
  START;
  auto* made = new int;
  stand_in::created("cuBLASLt context", made);
  *context = made;
  return 0;
}

int cublasLtDestroy(void* context) {
  START;
  return stand_in::destroyed("cuBLASLt context", context) ? 0 : NOT_INITIALIZED;
}

int cublasLtMatmulDescCreate(void** operation, int compute, int scale) {
  START;
  auto* made = new Operation;
  made->compute = compute;
  made->scale = scale;
  stand_in::created("operation", made);
  *operation = made;
  return 0;
}

int cublasLtMatmulDescDestroy(void* operation) {
  START;
  return stand_in::destroyed("operation", operation) ? 0 : INVALID_VALUE;
}

int cublasLtMatmulDescSetAttribute(void* operation, int attribute, const void* value, std::size_t bytes) {
  START;
  auto* of = get<Operation>("operation", operation);
  if (of == nullptr) {
    return INVALID_VALUE;
  }
  switch (attribute) {
    case 7: return set(of->epilogue, value, bytes);
    case 8: return set(of->bias, value, bytes);
    case 26: return set(of->bias_type, value, bytes);
    default: return INVALID_VALUE;
  }
}

int cublasLtMatrixLayoutCreate(void** layout, int type, std::uint64_t rows, std::uint64_t columns,
                               std::int64_t stride) {
  START;
  if (stride < static_cast<std::int64_t>(rows)) {
    return INVALID_VALUE;
  }
  auto* made = new stand_in::Matrix{type, static_cast<long long>(rows), static_cast<long long>(columns), stride};
  stand_in::created("layout", made);
  *layout = made;
  return 0;
}

int cublasLtMatrixLayoutDestroy(void* layout) {
  START;
  return stand_in::destroyed("layout", layout) ? 0 : INVALID_VALUE;
}

int cublasLtMatmulPreferenceCreate(void** preference) {
  START;
  auto* made = new Preference;
  stand_in::created("preference", made);
  *preference = made;
  return 0;
}

int cublasLtMatmulPreferenceDestroy(void* preference) {
  START;
  return stand_in::destroyed("preference", preference) ? 0 : INVALID_VALUE;
}

int cublasLtMatmulPreferenceSetAttribute(void* preference, int attribute, const void* value, std::size_t bytes) {
  START;
  auto* of = get<Preference>("preference", preference);
  return of == nullptr || attribute != 1 ? INVALID_VALUE : set(of->workspace, value, bytes);
}

int cublasLtMatmulAlgoGetHeuristic(void* context, void* operation, void* a, void* b, void* c, void* d, void* preference,
                                   int wanted, Result* results, int* found) {
  START;
  *found = 0;
  auto* of = get<Operation>("operation", operation);
  auto* left = get<stand_in::Matrix>("layout", a);
  auto* right = get<stand_in::Matrix>("layout", b);
  auto* before = get<stand_in::Matrix>("layout", c);
  auto* after = get<stand_in::Matrix>("layout", d);
  auto* limits = get<Preference>("preference", preference);
  if (get<int>("cuBLASLt context", context) == nullptr || of == nullptr || left == nullptr || right == nullptr ||
      before == nullptr || after == nullptr || limits == nullptr || wanted < 1) {
    return INVALID_VALUE;
  }
  if (!supported(*of, *left, *right, *after)) {
    return NOT_SUPPORTED;
  }
  for (int i = 0; i < ALGORITHMS && i < wanted; i++) {
    results[i] = Result{};
    results[i].algorithm.data[0] = MAGIC;
    results[i].algorithm.data[1] = static_cast<std::uint64_t>(i);
    results[i].workspace = i == 0 ? 0 : 1024;
    if (results[i].workspace > limits->workspace) {
      break;
    }
    *found = i + 1;
  }
  return 0;
}

int cublasLtMatmulAlgoCheck(void* context, void* operation, void* a, void* b, void*, void* d,
                            const Algorithm* algorithm, Result* result) {
  START;
  auto* of = get<Operation>("operation", operation);
  auto* left = get<stand_in::Matrix>("layout", a);
  auto* right = get<stand_in::Matrix>("layout", b);
  auto* after = get<stand_in::Matrix>("layout", d);
  if (get<int>("cuBLASLt context", context) == nullptr || of == nullptr || left == nullptr || right == nullptr ||
      after == nullptr) {
    return INVALID_VALUE;
  }
  bool known = algorithm->data[0] == MAGIC && algorithm->data[1] < ALGORITHMS;
  if (!known || !supported(*of, *left, *right, *after)) {
    return NOT_SUPPORTED;
  }
  *result = Result{};
  result->algorithm = *algorithm;
  result->workspace = algorithm->data[1] == 0 ? 0 : 1024;
  return 0;
}

int cublasLtMatmul(void* context, void* operation, const float* alpha, const void* a, void* a_layout, const void* b,
                   void* b_layout, const float* beta, const void* c, void* c_layout, void* d, void* d_layout,
                   const Algorithm* algorithm, void* workspace, std::size_t workspace_bytes, void* stream) {
  START;
  auto* of = get<Operation>("operation", operation);
  auto* left = get<stand_in::Matrix>("layout", a_layout);
  auto* right = get<stand_in::Matrix>("layout", b_layout);
  auto* before = get<stand_in::Matrix>("layout", c_layout);
  auto* after = get<stand_in::Matrix>("layout", d_layout);
  if (get<int>("cuBLASLt context", context) == nullptr || of == nullptr || left == nullptr || right == nullptr ||
      before == nullptr || after == nullptr) {
    return INVALID_VALUE;
  }
  if (algorithm == nullptr || algorithm->data[0] != MAGIC || algorithm->data[1] >= ALGORITHMS ||
      !supported(*of, *left, *right, *after)) {
    return NOT_SUPPORTED;
  }
  std::size_t needed = algorithm->data[1] == 0 ? 0 : 1024;
  bool valid = *alpha == 1 && workspace_bytes >= needed &&
               (needed == 0 || stand_in::require_device("workspace", workspace, workspace_bytes)) &&
               stand_in::require_device("A", a, left->bytes()) && stand_in::require_device("B", b, right->bytes()) &&
               stand_in::require_device("C", c, before->bytes()) && stand_in::require_device("D", d, after->bytes());
  const float* bias = of->epilogue == EPILOGUE_BIAS ? of->bias : nullptr;
  if (of->epilogue == EPILOGUE_BIAS) {
    valid = valid && stand_in::require_device("bias", bias, 4 * after->rows);
  }
  if (!valid) {
    return INVALID_VALUE;
  }
  double work = static_cast<double>(after->rows) * after->columns * left->columns;
  stand_in::Matrix la = *left, lb = *right, lc = *before, ld = *after;
  float add = *beta;
  stand_in::describe("cublasLtMatmul algorithm " + std::to_string(algorithm->data[1]));
  stand_in::enqueue(stream, "cublasLtMatmul", stand_in::COMPUTE, 1 + work * PACE[algorithm->data[1]] * 1e-9,
                    [=] { stand_in::multiply(la, a, lb, b, add, lc, c, bias, ld, d); });
  return 0;
}

}  // extern "C"
