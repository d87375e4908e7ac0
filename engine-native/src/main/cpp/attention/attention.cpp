#include "attention.h"

#include <algorithm>
#include <atomic>

#include "../threads/parallel.h"
#include "../threads/scratch.h"

namespace kiln {
namespace {

struct Work {
  const AttentionArguments<float>& arguments;
  const detail::AttentionKernel& kernel;
  std::atomic<bool> failed;
};

// Blocks of queries, head by head, in one consecutive range per thread: a thread packs each head that it meets.
void share(void* data, int thread, int threads) {
  Work& work = *static_cast<Work*>(data);
  const AttentionArguments<float>& a = work.arguments;
  const detail::AttentionKernel& kernel = work.kernel;
  float* scratch = thread_scratch(kernel.scratch(a));
  if (scratch == nullptr) {
    work.failed = true;
    return;
  }
  const long per_head = (a.queries + kernel.block_queries - 1) / kernel.block_queries;
  const long blocks = per_head * a.heads;
  int packed = -1;
  for (long i = blocks * thread / threads; i < blocks * (thread + 1) / threads; i++) {
    const int head = static_cast<int>(i / per_head);
    const int first = static_cast<int>(i % per_head) * kernel.block_queries;
    if (head != packed) {
      kernel.pack(a, head, scratch);
      packed = head;
    }
    kernel.block(a, head, first, std::min(kernel.block_queries, a.queries - first), scratch);
  }
}

}  // namespace

bool attention(const AttentionArguments<float>& arguments, int threads, Isa isa) {
  if (isa > fastest_isa()) {
    return false;
  }
  const detail::AttentionKernel& kernel = isa == Isa::avx512 ? detail::attention_avx512()
                                          : isa == Isa::avx2 ? detail::attention_avx2()
                                                             : detail::attention_portable();
  Work work = {arguments, kernel, {false}};
  parallel(threads, share, &work);
  return !work.failed;
}

}  // namespace kiln
