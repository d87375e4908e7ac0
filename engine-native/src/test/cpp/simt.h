// Simulates a thread block of a GPU on one thread of the CPU, for device code that is compiled for the host. Each
// thread of the block is a coroutine that runs until it must wait, for its warp or its block, or ends. Where CUDA
// leaves a choice, the simulation takes the worst case: copies arrive only when they are waited for, and shared memory
// initially contains garbage.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#define KILN_DEVICE inline
#define KILN_KERNEL(threads, blocks) [[maybe_unused]] static void
#define KILN_UNROLL

struct uint3 {
  unsigned x, y, z;
};
struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

namespace simt {

constexpr int WARP = 32;
constexpr int GROUP = 128;  // threads of a warpgroup
constexpr std::size_t STACK = 128 << 10;

enum State { READY, AT_WARP, AT_GROUP, AT_BLOCK, DONE };

struct Copy {
  void* to;
  const void* from;
  bool there;
};

// A product of a warpgroup that was started; simt_sm90.h computes it.
struct Product {
  float* sums;                // 8 × 4
  const unsigned* fragments;  // of the left matrix, 4; null if it is in shared memory
  unsigned long long left;    // description of the left matrix in shared memory
  unsigned long long right;   // and of the right one
  bool add;
  bool right_transposed;  // whether columns are contiguous
};

struct Lane {
  ucontext_t context;  // where it begins
  jmp_buf place;       // where it waits
  bool begun;
  std::unique_ptr<char[]> stack;
  State state = READY;
  std::vector<std::vector<Copy>> groups;       // the last is open
  std::vector<void*> written;                  // 16 bytes each, that products do not see yet
  std::vector<std::vector<Product>> products;  // the last is open
  bool fenced = false;                         // whether products may be started
};

// Values that the lanes of a warp exchange.
struct Warp {
  const void* rows[WARP];
  unsigned a[WARP][4];
  unsigned b[WARP][2];
  float value[WARP];
};

inline std::vector<Lane> lanes;
inline std::vector<Warp> warps;
inline std::vector<char> shared;
inline std::vector<char> published;  // shared memory as products see it
inline jmp_buf scheduler;
inline int current;
inline std::function<void()> body;

inline Warp& warp() { return warps[current / WARP]; }

// Switches with jumps, because swapcontext makes a system call each time.
inline void wait(State state) {
  lanes[current].state = state;
  if (_setjmp(lanes[current].place) == 0) {
    _longjmp(scheduler, 1);
  }
}

inline void start() {
  body();
  lanes[current].state = DONE;
  _longjmp(scheduler, 1);
}

// Resumes the current thread until it waits.
[[gnu::noinline]] inline void resume() {
  Lane& lane = lanes[current];
  if (_setjmp(scheduler) == 0) {
    if (lane.begun) {
      _longjmp(lane.place, 1);
    }
    lane.begun = true;
    setcontext(&lane.context);
  }
}

// Returns whether all threads that have not ended wait at the same point; they then continue.
inline bool release(int first, int last, State state) {
  bool any = false;
  for (int i = first; i < last; i++) {
    if (lanes[i].state != state && lanes[i].state != DONE) {
      return false;
    }
    any |= lanes[i].state == state;
  }
  for (int i = first; any && i < last; i++) {
    if (lanes[i].state == state) {
      lanes[i].state = READY;
    }
  }
  return any;
}

}  // namespace simt

inline uint3 blockIdx;
inline uint3 threadIdx;

inline void __syncthreads() { simt::wait(simt::AT_BLOCK); }

namespace simt {

// Runs one block; blockIdx is its position in the grid.
inline void run_block(int threads, int shared_bytes, std::function<void()> kernel) {
  body = std::move(kernel);
  if (static_cast<int>(lanes.size()) != threads) {
    lanes.clear();
    lanes.resize(threads);
    for (Lane& lane : lanes) {
      lane.stack.reset(new char[STACK]);
    }
  }
  warps.resize((threads + WARP - 1) / WARP);
  shared.assign(shared_bytes + 16, static_cast<char>(0xFF));  // not a number, in all formats
  published = shared;
  for (Lane& lane : lanes) {
    getcontext(&lane.context);
    lane.context.uc_stack.ss_sp = lane.stack.get();
    lane.context.uc_stack.ss_size = STACK;
    lane.context.uc_link = nullptr;
    lane.begun = false;
    lane.state = READY;
    lane.groups.assign(1, {});
    lane.written.clear();
    lane.products.assign(1, {});
    lane.fenced = false;
    makecontext(&lane.context, start, 0);
  }
  for (bool more = true; more;) {
    more = false;
    for (current = 0; current < threads; current++) {
      if (lanes[current].state == READY) {
        threadIdx = uint3{static_cast<unsigned>(current), 0, 0};
        resume();
        more = true;
      }
    }
    for (int first = 0; first < threads; first += WARP) {
      more |= release(first, std::min(first + WARP, threads), AT_WARP);
    }
    for (int first = 0; first < threads; first += GROUP) {
      more |= release(first, std::min(first + GROUP, threads), AT_GROUP);
    }
    more |= release(0, threads, AT_BLOCK);
  }
  for (const Lane& lane : lanes) {
    if (lane.state != DONE) {
      std::fputs("simt: threads of a block wait for different things\n", stderr);
      std::abort();
    }
  }
}

// Runs all blocks of a grid, one after another.
inline void run_grid(const int* blocks, int threads, int shared_bytes, const std::function<void()>& kernel) {
  for (unsigned z = 0; z < static_cast<unsigned>(blocks[2]); z++) {
    for (unsigned y = 0; y < static_cast<unsigned>(blocks[1]); y++) {
      for (unsigned x = 0; x < static_cast<unsigned>(blocks[0]); x++) {
        blockIdx = uint3{x, y, z};
        run_block(threads, shared_bytes, kernel);
      }
    }
  }
}

inline float widened(unsigned bits) {
  bits <<= 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline unsigned half_at(const void* row, int i) {
  unsigned short bits;
  std::memcpy(&bits, static_cast<const char*>(row) + 2 * i, 2);
  return bits;
}

}  // namespace simt

inline char* shared_memory() {
  auto address = reinterpret_cast<std::uintptr_t>(simt::shared.data());
  return simt::shared.data() + (16 - address % 16) % 16;
}

// An address within shared memory, as instructions have it. The first is aligned no better than CUDA promises.
inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(static_cast<const char*>(pointer) - shared_memory()) + 16;
}

inline void copy_async(void* to, const void* from, bool there) {
  simt::lanes[simt::current].groups.back().push_back(simt::Copy{to, from, there});
}

inline void commit_copies() { simt::lanes[simt::current].groups.emplace_back(); }

template <int N>
void wait_copies() {
  auto& groups = simt::lanes[simt::current].groups;
  while (groups.size() > N + 1) {
    for (const simt::Copy& copy : groups.front()) {
      if (copy.there) {
        std::memcpy(copy.to, copy.from, 16);
      } else {
        std::memset(copy.to, 0, 16);
      }
      simt::lanes[simt::current].written.push_back(copy.to);
    }
    groups.erase(groups.begin());
  }
}

// Each lane has two adjacent values of row lane / 4 of each matrix, or of column lane / 4 if transposed.
inline void load(unsigned (&out)[4], const void* row, bool transposed) {
  using namespace simt;
  int lane = current % WARP;
  warp().rows[lane] = row;
  wait(AT_WARP);
  for (int m = 0; m < 4; m++) {
    int at = lane % 4 * 2;
    out[m] = transposed
                 ? half_at(warp().rows[8 * m + at], lane / 4) | half_at(warp().rows[8 * m + at + 1], lane / 4) << 16
                 : half_at(warp().rows[8 * m + lane / 4], at) | half_at(warp().rows[8 * m + lane / 4], at + 1) << 16;
  }
  wait(AT_WARP);
}

inline void load_matrices(unsigned (&out)[4], const void* row) { load(out, row, false); }
inline void load_transposed(unsigned (&out)[4], const void* row) { load(out, row, true); }

// The fragments of mma.m16n8k16 as in NVIDIA's PTX manual.
inline void multiply(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  using namespace simt;
  int lane = current % WARP;
  std::memcpy(warp().a[lane], a, sizeof a);
  warp().b[lane][0] = b0;
  warp().b[lane][1] = b1;
  wait(AT_WARP);
  for (int c = 0; c < 4; c++) {
    int row = lane / 4 + c / 2 * 8;
    int column = lane % 4 * 2 + c % 2;
    for (int k = 0; k < 16; k++) {
      unsigned left = warp().a[row % 8 * 4 + k % 8 / 2][row / 8 + k / 8 * 2];
      unsigned right = warp().b[column * 4 + k % 8 / 2][k / 8];
      sum[c] += widened(left >> (k % 2 * 16) & 0xFFFFu) * widened(right >> (k % 2 * 16) & 0xFFFFu);
    }
  }
  wait(AT_WARP);
}

inline float exchange(float value, int bits) {
  using namespace simt;
  int lane = current % WARP;
  warp().value[lane] = value;
  wait(AT_WARP);
  float other = warp().value[lane ^ bits];
  wait(AT_WARP);
  return other;
}

inline unsigned bits_of(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float float_of(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline unsigned pair(float low, float high) {
  unsigned a = bits_of(low);
  unsigned b = bits_of(high);
  a = (a + 0x7FFFu + ((a >> 16) & 1u)) >> 16;
  b = (b + 0x7FFFu + ((b >> 16) & 1u)) & 0xFFFF0000u;
  return a | b;
}

inline float power_of_2(float x) { return std::exp2(x); }

inline float reciprocal(float x) { return 1 / x; }
