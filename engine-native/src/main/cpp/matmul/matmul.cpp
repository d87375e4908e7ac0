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
  const auto [panel, panels] = part((a.columns + kPanelColumns - 1) / kPanelColumns, thread % across, across);
  if (rows == 0 || panels == 0) {
    return;
  }
  float* scratch = thread_scratch(work.kernel.scratch);
  if (scratch == nullptr && work.kernel.scratch > 0) {
    work.failed = true;
    return;
  }
  const int column = panel * kPanelColumns;
  work.kernel.compute(a, {row, rows, column, std::min(panels * kPanelColumns, a.columns - column)}, scratch);
}

}  // namespace

size_t packed_size(int inner, int columns) {
  const size_t panels = (static_cast<size_t>(columns) + kPanelColumns - 1) / kPanelColumns;
  return panels * inner * kPanelColumns;
}

void pack_weights(const float* weights, int inner, int columns, float* packed) {
  for (int column = 0; column < columns; column += kPanelColumns) {
    const int width = std::min(kPanelColumns, columns - column);
    for (int k = 0; k < inner; k++, packed += kPanelColumns) {
      std::memcpy(packed, weights + static_cast<size_t>(k) * columns + column, width * sizeof(float));
      std::fill(packed + width, packed + kPanelColumns, 0.0f);
    }
  }
}

MatmulIsa matmul_isa() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? MatmulIsa::avx2 : MatmulIsa::scalar;
}

bool matmul(const MatmulArguments& arguments, int threads, MatmulIsa isa) {
  if (isa > matmul_isa()) {
    return false;
  }
  Work work = {arguments, isa == MatmulIsa::avx2 ? detail::matmul_avx2() : detail::matmul_scalar(), {false}};
  parallel(threads, share, &work);
  return !work.failed;
}

}  // namespace kiln
