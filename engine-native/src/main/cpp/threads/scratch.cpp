#include "scratch.h"

#include <sys/mman.h>

#include <cstdlib>
#include <memory>

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = 2 << 20;
constexpr size_t kLarge = 256 << 10;

// Large memory is in one page of 2 MiB where the system has one: the kernels address it at strides of many small pages.
float* allocate(size_t bytes) {
  const size_t alignment = bytes < kLarge ? kAlignment : kHugePage;
  const size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory != nullptr && alignment == kHugePage) {
    madvise(memory, size, MADV_HUGEPAGE);
  }
  return static_cast<float*>(memory);
}

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

}  // namespace

float* kiln::thread_scratch(size_t floats) {
  thread_local std::unique_ptr<float, Free> memory;
  thread_local size_t size = 0;
  if (size < floats) {
    memory.reset();
    memory.reset(allocate(floats * sizeof(float)));
    size = memory ? floats : 0;
  }
  return memory.get();
}
