// Simulates the products of warpgroups of sm_90a (wgmma), as NVIDIA's PTX manual describes operands in shared memory
// and fragments in registers. Of what the manual leaves open the worst is assumed: products read their operands and
// write their results only when they are waited for, and see shared memory as it was when its writers last published
// it.
#pragma once

#include "simt.h"

namespace simt {

constexpr int TERMS = 16;  // of one product

[[noreturn]] inline void misuse(const char* what) {
  std::fprintf(stderr, "simt: %s\n", what);
  std::abort();
}

// Returns a number of an operand in shared memory: of row `row` and term `term`, or, if transposed, with rows
// contiguous instead of terms.
inline float operand(unsigned long long description, bool transposed, int row, int term) {
  unsigned address = static_cast<unsigned>(description & 0x3FFF) * 16;
  unsigned groups = static_cast<unsigned>(description >> 32 & 0x3FFF) * 16;
  if (description >> 62 != 1 || (description >> 49 & 7) != 0) {
    misuse("expected the layout with a swizzle of 128 bytes, at a multiple of 1,024");
  }
  // The operands of these products are 64 rows, which fill the 128 bytes of a transposed line.
  int line = transposed ? term : row;
  int within = transposed ? row : term;
  address += static_cast<unsigned>(line / 8) * groups + static_cast<unsigned>(line % 8 * 128 + within * 2);
  address ^= (address >> 7 & 7) << 4;
  std::size_t start = shared_memory() - shared.data() + address - 16;
  if (address < 16 || start + 2 > published.size()) {
    misuse("a product reads outside shared memory");
  }
  return widened(half_at(published.data() + start, 0));
}

inline Product& pending(int lane, std::size_t group, std::size_t i) { return lanes[lane].products[group][i]; }

// Computes this lane's part of the i-th product of the oldest group.
inline void compute(std::size_t i) {
  int first = current / GROUP * GROUP;
  int lane = current % WARP;
  int warp_row = current % GROUP / WARP * 16;
  Product& own = pending(current, 0, i);
  Product& of_first = pending(first, 0, i);
  if (own.left != of_first.left || own.right != of_first.right || own.add != of_first.add) {
    misuse("threads of a warpgroup start different products");
  }
  float left[2][TERMS];
  for (int half = 0; half < 2; half++) {
    for (int k = 0; k < TERMS; k++) {
      if (own.fragments == nullptr) {
        left[half][k] = operand(own.left, false, warp_row + lane / 4 + 8 * half, k);
      } else {
        int owner = current - lane + lane / 4 * 4 + k % 8 / 2;
        left[half][k] = widened(pending(owner, 0, i).fragments[half + k / 8 * 2] >> (k % 2 * 16) & 0xFFFFu);
      }
    }
  }
  for (int j = 0; j < 8; j++) {
    for (int c = 0; c < 2; c++) {
      float right[TERMS];
      for (int k = 0; k < TERMS; k++) {
        right[k] = operand(own.right, own.right_transposed, j * 8 + lane % 4 * 2 + c, k);
      }
      for (int half = 0; half < 2; half++) {
        float sum = own.add ? own.sums[4 * j + 2 * half + c] : 0;
        for (int k = 0; k < TERMS; k++) {
          sum += left[half][k] * right[k];
        }
        own.sums[4 * j + 2 * half + c] = sum;
      }
    }
  }
}

}  // namespace simt

inline void publish_writes() {
  auto& written = simt::lanes[simt::current].written;
  for (void* at : written) {
    std::size_t offset = static_cast<char*>(at) - simt::shared.data();
    std::memcpy(simt::published.data() + offset, at, 16);
  }
  written.clear();
}

inline void fence_products() { simt::lanes[simt::current].fenced = true; }

inline void commit_products() { simt::lanes[simt::current].products.emplace_back(); }

// All threads of the warpgroup wait together.
template <int N>
void wait_products() {
  using namespace simt;
  auto& products = lanes[current].products;
  if (!products.back().empty()) {
    misuse("products are waited for but not committed");
  }
  // Registers may be used again, so further products need a fence.
  lanes[current].fenced = false;
  while (products.size() > N + 1) {
    wait(AT_GROUP);
    for (std::size_t i = 0; i < products.front().size(); i++) {
      compute(i);
    }
    // Others read this thread's fragments.
    wait(AT_GROUP);
    products.erase(products.begin());
  }
}

template <typename T>
void pin(T&) {}

namespace simt {

inline void start(const Product& product) {
  if (!lanes[current].fenced) {
    misuse("a product is started without a fence");
  }
  lanes[current].products.back().push_back(product);
}

}  // namespace simt

template <bool ADD>
void start_product(float (&sums)[8][4], unsigned long long a, unsigned long long b) {
  simt::start(simt::Product{&sums[0][0], nullptr, a, b, ADD, false});
}

inline void start_product(float (&sums)[8][4], const unsigned (&a)[4], unsigned long long b) {
  simt::start(simt::Product{&sums[0][0], a, 0, b, true, true});
}
