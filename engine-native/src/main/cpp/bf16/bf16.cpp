#include "bf16.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "../threads/parallel.h"
#include "../threads/scratch.h"

namespace kiln {
namespace {

const detail::Bf16Kernel& kernel_of(Bf16Isa isa) {
  switch (isa) {
    case Bf16Isa::emulated_avx512: return detail::bf16_emulated_avx512();
    case Bf16Isa::emulated_amx: return detail::bf16_emulated_amx();
    case Bf16Isa::avx512: return detail::bf16_avx512();
    case Bf16Isa::amx: return detail::bf16_amx();
  }
  return detail::bf16_emulated_avx512();
}

// Surrounds the work of a thread.
struct Session {
  const detail::Bf16Kernel& kernel;
  explicit Session(const detail::Bf16Kernel& used) : kernel(used) { kernel.begin(); }
  ~Session() { kernel.end(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

char* scratch_bytes(size_t bytes) {
  return reinterpret_cast<char*>(thread_scratch((bytes + sizeof(float) - 1) / sizeof(float)));
}

// The part of a thread in `count` units: first unit and their number.
std::pair<int, int> part(int count, int index, int parts) {
  const int first = static_cast<int>(static_cast<long>(count) * index / parts);
  return {first, static_cast<int>(static_cast<long>(count) * (index + 1) / parts) - first};
}

template <typename Arguments>
struct Work {
  const Arguments& arguments;
  const detail::Bf16Kernel& kernel;
  std::atomic<bool> failed;
};

// Blocks of queries, head by head, in one consecutive range per thread: a thread packs each head that it meets.
void share_attention(void* data, int thread, int threads) {
  auto& work = *static_cast<Work<Bf16AttentionArguments>*>(data);
  const Bf16AttentionArguments& a = work.arguments;
  const detail::Bf16Kernel& kernel = work.kernel;
  const int per_head = (a.queries + detail::kBlockRows - 1) / detail::kBlockRows;
  const auto [begin, count] = part(per_head * a.heads, thread, threads);
  if (count == 0) {
    return;
  }
  char* scratch = scratch_bytes(kernel.attention_scratch(a));
  if (scratch == nullptr) {
    work.failed = true;
    return;
  }
  const Session session(kernel);
  int packed = -1;
  for (int i = begin; i < begin + count; i++) {
    const int head = i / per_head;
    const int first = i % per_head * detail::kBlockRows;
    if (head != packed) {
      kernel.attention_pack(a, head, scratch);
      packed = head;
    }
    kernel.attention_block(a, head, first, std::min(detail::kBlockRows, a.queries - first), scratch);
  }
}

// Row blocks of a thread whose packed input takes about half of the second-level cache, in groups of equal size.
int together(const Bf16MatmulArguments& a, const detail::Bf16Kernel& kernel, int row_blocks) {
  static const long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
  const long room = (cache > 0 ? cache : 1L << 20) * 6 / 10;
  int fit = row_blocks;
  while (fit > 4 && static_cast<long>(kernel.matmul_scratch(a, fit)) > room) {
    fit--;
  }
  const int groups = (row_blocks + fit - 1) / fit;
  return (row_blocks + groups - 1) / groups;
}

// Threads form a grid over blocks of rows and of columns: columns are divided where a thread would have less than two
// blocks of rows, because fewer rows read all weights for little work.
void share_matmul(void* data, int thread, int threads) {
  auto& work = *static_cast<Work<Bf16MatmulArguments>*>(data);
  const Bf16MatmulArguments& a = work.arguments;
  const int row_blocks = (a.rows + detail::kBlockRows - 1) / detail::kBlockRows;
  const int column_blocks = (a.columns + detail::kBlockColumns - 1) / detail::kBlockColumns;
  int across = 1;
  while (across < threads && (threads % across != 0 || row_blocks / (threads / across) < 2)) {
    across++;
  }
  const auto [row, rows] = part(row_blocks, thread / across, threads / across);
  const auto [column, columns] = part(column_blocks, thread % across, across);
  if (rows == 0 || columns == 0) {
    return;
  }
  const int group = together(a, work.kernel, rows);
  char* scratch = scratch_bytes(work.kernel.matmul_scratch(a, group));
  if (scratch == nullptr) {
    work.failed = true;
    return;
  }
  const Session session(work.kernel);
  work.kernel.matmul(a, {row, rows, column, columns}, group, scratch);
}

void share_norm(void* data, int thread, int threads) {
  auto& work = *static_cast<Work<Bf16NormArguments>*>(data);
  const auto [row, rows] = part(work.arguments.rows, thread, threads);
  work.kernel.norm(work.arguments, row, rows);
}

uint16_t rounded(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

int bf16_instructions() {
  int found = 0;
  if (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    found |= 1 << static_cast<int>(Bf16Isa::avx512);
    if (__builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16")) {
      found |= 1 << static_cast<int>(Bf16Isa::amx);
    }
  }
  return found;
}

int request_amx() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0 ? 0 : errno;
}

bool bf16_attention(const Bf16AttentionArguments& arguments, int threads, Bf16Isa isa) {
  Work<Bf16AttentionArguments> work = {arguments, kernel_of(isa), {false}};
  parallel(threads, share_attention, &work);
  return !work.failed;
}

bool bf16_matmul(const Bf16MatmulArguments& arguments, int threads, Bf16Isa isa) {
  Work<Bf16MatmulArguments> work = {arguments, kernel_of(isa), {false}};
  parallel(threads, share_matmul, &work);
  return !work.failed;
}

void bf16_norm(const Bf16NormArguments& arguments, int threads, Bf16Isa isa) {
  Work<Bf16NormArguments> work = {arguments, kernel_of(isa), {false}};
  parallel(threads, share_norm, &work);
}

size_t bf16_packed_size(int inner, int columns) {
  return detail::round_up(inner, detail::kInnerStep) * detail::round_up(columns, detail::kBlockColumns);
}

void bf16_pack_weights(const float* weights, int inner, int columns, uint16_t* packed) {
  std::memset(packed, 0, bf16_packed_size(inner, columns) * sizeof(uint16_t));
  const size_t length = detail::round_up(inner, detail::kInnerStep) * detail::kPanel;
  for (int column = 0; column < columns; column += detail::kPanel) {
    const int width = std::min(detail::kPanel, columns - column);
    uint16_t* panel = packed + column / detail::kPanel * length;
    for (int k = 0; k < inner; k++) {
      const float* from = weights + static_cast<size_t>(k) * columns + column;
      uint16_t* to = panel + static_cast<size_t>(k / 2) * 2 * detail::kPanel + k % 2;
      for (int i = 0; i < width; i++) {
        to[2 * i] = rounded(from[i]);
      }
    }
  }
}

}  // namespace kiln
