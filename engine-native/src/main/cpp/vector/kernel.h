// The one implementation, which each translation unit that includes it compiles for other instructions; so everything
// is in an unnamed namespace. 64 partial sums, each over every 64th value, are added in a fixed tree: without fused
// multiply-adds, every instruction set gives the same bytes. The scan is limited by memory, not by arithmetic.
#pragma once

#include <cmath>
#include <cstddef>

#include "vectors.h"

namespace kiln {
namespace {

constexpr size_t kLanes = 16;
constexpr size_t kSums = 4;

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef float LooseLanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

inline Lanes load(const float* at) { return *reinterpret_cast<const LooseLanes*>(at); }

// Values from the end of a vector that fill no lanes, padded with zeros.
inline Lanes load_tail(const float* at, size_t count) {
  Lanes tail = {};
  for (size_t i = 0; i < count; i++) {
    tail[i] = at[i];
  }
  return tail;
}

inline float total(const Lanes (&sums)[kSums]) {
  const Lanes all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float half[kLanes / 2];
  for (size_t i = 0; i < kLanes / 2; i++) {
    half[i] = all[i] + all[i + kLanes / 2];
  }
  return ((half[0] + half[4]) + (half[1] + half[5])) + ((half[2] + half[6]) + (half[3] + half[7]));
}

template <bool Dots, bool Norms>
void one(const float* vector, size_t dim, const float* query, float* dot, float* norm) {
  Lanes dots[kSums] = {};
  Lanes squares[kSums] = {};
  size_t i = 0;
  for (; i + kSums * kLanes <= dim; i += kSums * kLanes) {
#pragma GCC unroll 4
    for (size_t s = 0; s < kSums; s++) {
      const Lanes value = load(vector + i + s * kLanes);
      if constexpr (Dots) {
        dots[s] += value * load(query + i + s * kLanes);
      }
      if constexpr (Norms) {
        squares[s] += value * value;
      }
    }
  }
  for (; i < dim; i += kLanes) {
    const size_t count = dim - i < kLanes ? dim - i : kLanes;
    const Lanes value = load_tail(vector + i, count);
    if constexpr (Dots) {
      dots[0] += value * load_tail(query + i, count);
    }
    if constexpr (Norms) {
      squares[0] += value * value;
    }
  }
  if constexpr (Dots) {
    *dot = total(dots);
  }
  if constexpr (Norms) {
    *norm = std::sqrt(total(squares));
  }
}

inline void products(const float* vectors, size_t rows, size_t dim, const float* query, float* dots, float* norms) {
  for (size_t row = 0; row < rows; row++) {
    const float* vector = vectors + row * dim;
    if (dots != nullptr && norms != nullptr) {
      one<true, true>(vector, dim, query, dots + row, norms + row);
    } else if (dots != nullptr) {
      one<true, false>(vector, dim, query, dots + row, nullptr);
    } else if (norms != nullptr) {
      one<false, true>(vector, dim, query, nullptr, norms + row);
    }
  }
}

}  // namespace
}  // namespace kiln
