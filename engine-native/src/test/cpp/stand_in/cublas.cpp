// The stand-in's libcublas.so.13.
#include "matrix.h"
#include "stand_in.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = stand_in::enter(__func__)) return code

namespace {

constexpr int NOT_INITIALIZED = 1;
constexpr int INVALID_VALUE = 7;

struct Context {
  void* stream = nullptr;
};

}  // namespace

extern "C" {

const char* cublasGetStatusString(int code) {
  LOCK;
  stand_in::enter(__func__);
  return code == 0 ? "the operation completed successfully" : "an operation of cuBLAS failed";
}

int cublasCreate_v2(void** context) {
  START;
  auto* made = new Context;
  stand_in::created("cuBLAS context", made);
  *context = made;
  return 0;
}

int cublasDestroy_v2(void* context) {
  START;
  return stand_in::destroyed("cuBLAS context", context) ? 0 : NOT_INITIALIZED;
}

int cublasSetStream_v2(void* context, void* stream) {
  START;
  if (!stand_in::require("cuBLAS context", context) || !stand_in::require("stream", stream)) {
    return NOT_INITIALIZED;
  }
  static_cast<Context*>(context)->stream = stream;
  return 0;
}

int cublasGemmEx(void* context, int a_op, int b_op, int m, int n, int k, const float* alpha, const void* a, int a_type,
                 int a_stride, const void* b, int b_type, int b_stride, const float* beta, void* c, int c_type,
                 int c_stride, int compute, int) {
  START;
  if (!stand_in::require("cuBLAS context", context)) {
    return NOT_INITIALIZED;
  }
  if (a_op != 0 || b_op != 0 || *alpha != 1 || compute != 68 || a_stride < m || b_stride < k || c_stride < m) {
    return INVALID_VALUE;
  }
  stand_in::Matrix left{a_type, m, k, a_stride};
  stand_in::Matrix right{b_type, k, n, b_stride};
  stand_in::Matrix result{c_type, m, n, c_stride};
  bool valid = stand_in::require_device("A", a, left.bytes()) && stand_in::require_device("B", b, right.bytes()) &&
               stand_in::require_device("C", c, result.bytes());
  if (!valid) {
    return INVALID_VALUE;
  }
  float before = *beta;
  stand_in::enqueue(static_cast<Context*>(context)->stream, "cublasGemmEx", stand_in::COMPUTE, 2e-9 * m * n * k + 1,
                    [=] { stand_in::multiply(left, a, right, b, before, result, c, nullptr, result, c); });
  return 0;
}

}  // extern "C"
