// Larger and smaller values of two vectors. Each translation unit that includes it is compiled for other instructions,
// so it is in an unnamed namespace.
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace kiln {
namespace {

#if defined(__AVX512F__)
// GCC 12 warns about the unused operand of the intrinsics without a mask.
constexpr __mmask16 kAllLanes = 0xffff;
#endif

template <typename Vector>
inline Vector larger(Vector a, Vector b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Vector) == 64) {
    return reinterpret_cast<Vector>(
        _mm512_maskz_max_ps(kAllLanes, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(Vector) == 32) {
    return reinterpret_cast<Vector>(_mm256_max_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
  }
#endif
  return a > b ? a : b;
}

template <typename Vector>
inline Vector smaller(Vector a, Vector b) {
  return -larger(-a, -b);
}

}  // namespace
}  // namespace kiln
