#include "scratch.h"

#include <cstdlib>
#include <memory>

namespace {

constexpr size_t kAlignment = 64;

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

}  // namespace

float* kiln::thread_scratch(size_t floats) {
  thread_local std::unique_ptr<float, Free> memory;
  thread_local size_t size = 0;
  if (size < floats) {
    const size_t bytes = (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    memory.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
    size = memory ? floats : 0;
  }
  return memory.get();
}
