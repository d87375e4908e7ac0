// Vectors of floats. Each translation unit that includes it is compiled for other instructions, so it is in an unnamed
// namespace.
#pragma once

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
