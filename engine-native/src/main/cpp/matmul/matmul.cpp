#include "matmul.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "../threads/parallel.h"
#include "../threads/scratch.h"

namespace kiln {
namespace {

// Rows per thread below which columns are divided, too: fewer rows would read all weights for little work.
constexpr int kMinRows = 48;

struct Work {
  const MatmulArguments& arguments;
  const detail::MatmulKernel& kernel;
  std::atomic<bool> failed;
};

// The part of a thread in `count` units: first unit and their number.
std::pair<int, int> part(int count, int index, int parts) {
  const int first = static_cast<int>(static_cast<long>(count) * index / parts);
  return {first, static_cast<int>(static_cast<long>(count) * (index + 1) / parts) - first};
}

// Threads form a grid over rows and panels of columns.
void share(void* data, int thread, int threads) {
  Work& work = *static_cast<Work*>(data);
  const MatmulArguments& a = work.arguments;
  int across = 1;
  while (across < threads && (threads % across != 0 || a.rows / (threads / across) < kMinRows)) {
    across++;
  }
  const int down = threads / across;
  const auto [row, rows] = part(a.rows, thread / across, down);
  const int width = work.kernel.panel;
  const auto [panel, panels] = part((a.columns + width - 1) / width, thread % across, across);
  if (rows == 0 || panels == 0) {
    return;
  }
  float* scratch = thread_scratch(work.kernel.scratch);
  if (scratch == nullptr && work.kernel.scratch > 0) {
    work.failed = true;
    return;
  }
  const int column = panel * width;
  work.kernel.compute(a, {row, rows, column, std::min(panels * width, a.columns - column)}, scratch);
}

const detail::MatmulKernel& kernel(Isa isa) {
  switch (isa) {
    case Isa::avx512: return detail::matmul_avx512();
    case Isa::avx2: return detail::matmul_avx2();
    default: return detail::matmul_portable();
  }
}

}  // namespace

size_t packed_size(int inner, int columns, Isa isa) {
  const int width = kernel(isa).panel;
  return static_cast<size_t>((columns + width - 1) / width) * width * inner;
}

void pack_weights(const float* weights, int inner, int columns, float* packed, Isa isa) {
  const int panel = kernel(isa).panel;
  for (int column = 0; column < columns; column += panel) {
    const int width = std::min(panel, columns - column);
    for (int k = 0; k < inner; k++, packed += panel) {
      std::memcpy(packed, weights + static_cast<size_t>(k) * columns + column, width * sizeof(float));
      std::fill(packed + width, packed + panel, 0.0f);
    }
  }
}

bool matmul(const MatmulArguments& arguments, int threads, Isa isa) {
  if (isa > fastest_isa()) {
    return false;
  }
  Work work = {arguments, kernel(isa), {false}};
  parallel(threads, share, &work);
  return !work.failed;
}

}  // namespace kiln
