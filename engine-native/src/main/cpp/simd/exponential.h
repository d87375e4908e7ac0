// The exponential function of vectors of floats. Each translation unit that includes it is compiled for other
// instructions, so it is in an unnamed namespace. Compile it with -ffp-contract=fast.
#pragma once

#include "extremes.h"

namespace kiln {
namespace {

// exp(x) for x <= 0 within 2 units in the last place; below -87.3 it is 0.
template <typename Vector>
inline Vector exponential(Vector x) {
  using Integers = decltype(x < x);
  const Integers under = x < -87.3f;
  x = under ? Vector{} - 87.3f : x;
  // x = n ln 2 + r with |r| <= ln 2 / 2; adding 1.5 · 2^23 rounds to the nearest integer.
  const float magic = 12582912.0f;
  const Vector shifted = x * 1.44269504f + magic;
  const Vector n = shifted - magic;
  Vector r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  // Coefficients of Cephes' expf.
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Integers exponent = reinterpret_cast<Integers>(shifted) << 23;
  const Vector result = reinterpret_cast<Vector>(reinterpret_cast<Integers>(p) + exponent);
  return under ? Vector{} : result;
}

// 2^x for x <= 0 with a relative error of 9e-8 besides the rounding; 2^-126 below -126.
template <typename Vector>
inline Vector power_of_two(Vector x) {
  using Integers = decltype(x < x);
  x = larger(x, Vector{} - 126.0f);
  const float magic = 12582912.0f;
  const Vector shifted = x + magic;
  const Vector f = x - (shifted - magic);
  Vector p = f * 1.326472690e-3f + 9.671512661e-3f;
  p = p * f + 5.550733744e-2f;
  p = p * f + 2.402224208e-1f;
  p = p * f + 6.931469776e-1f;
  p = p * f + 1.0f;
  return reinterpret_cast<Vector>(reinterpret_cast<Integers>(p) + (reinterpret_cast<Integers>(shifted) << 23));
}

}  // namespace
}  // namespace kiln
