// Vectors of floats. Each translation unit that includes it is compiled for other instructions, so it is in an unnamed
// namespace.
#pragma once

#include <type_traits>

#include "extremes.h"

namespace kiln {
namespace {

// Vectors of W floats; Loose ones are aligned as floats.
template <int W>
struct Vectors;
template <>
struct Vectors<8> {
  typedef float Vector __attribute__((vector_size(32)));
  typedef float Loose __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct Vectors<16> {
  typedef float Vector __attribute__((vector_size(64)));
  typedef float Loose __attribute__((vector_size(64), aligned(4), may_alias));
};

template <int W>
inline typename Vectors<W>::Vector load(const float* at) {
  return *reinterpret_cast<const typename Vectors<W>::Loose*>(at);
}

template <typename Vector>
inline void store(float* at, Vector value) {
  *reinterpret_cast<typename Vectors<sizeof(Vector) / sizeof(float)>::Loose*>(at) = value;
}

template <int W>
inline typename Vectors<W>::Vector broadcast(float value) {
  return value - typename Vectors<W>::Vector{};
}

// Halves a vector until one value is left, in a fixed order.
template <typename Vector, typename Combine>
inline float reduce(Vector v, Combine combine) {
  using Lanes = decltype(v < v);
  if constexpr (sizeof(Vector) == 64) {
    v = combine(v, __builtin_shuffle(v, Lanes{8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7}));
    v = combine(v, __builtin_shuffle(v, Lanes{4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11}));
    v = combine(v, __builtin_shuffle(v, Lanes{2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13}));
    v = combine(v, __builtin_shuffle(v, Lanes{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14}));
  } else {
    v = combine(v, __builtin_shuffle(v, Lanes{4, 5, 6, 7, 0, 1, 2, 3}));
    v = combine(v, __builtin_shuffle(v, Lanes{2, 3, 0, 1, 6, 7, 4, 5}));
    v = combine(v, __builtin_shuffle(v, Lanes{1, 0, 3, 2, 5, 4, 7, 6}));
  }
  return v[0];
}

template <typename Vector>
inline float maximum(Vector v) {
  return reduce(v, [](Vector a, Vector b) { return larger(a, b); });
}

template <typename Vector>
inline float sum(Vector v) {
  return reduce(v, [](Vector a, Vector b) { return a + b; });
}

// Calls the instance of `call` for a number of rows from 1 to R, as a constant.
template <int R, typename Call>
inline void with_rows(int rows, Call call) {
  if constexpr (R == 1) {
    call(std::integral_constant<int, 1>());
  } else if (rows == R) {
    call(std::integral_constant<int, R>());
  } else {
    with_rows<R - 1>(rows, call);
  }
}

// sum += x * y. GCC 12 splits the intrinsics into moves and other forms, and the loop takes 1.1 times as long.
template <typename Vector>
inline void multiply_add(Vector& sum, Vector x, Vector y) {
#if defined(__FMA__)
  asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
#else
  sum += x * y;
#endif
}

}  // namespace
}  // namespace kiln
