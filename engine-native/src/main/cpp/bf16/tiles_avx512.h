// Block products with AVX512-BF16: 8 rows by two vectors of 16 columns are 16 of 32 registers. Compile with
// -mavx512bf16.
#pragma once

#include <immintrin.h>

#include <algorithm>

#include "../simd/vectors.h"
#include "bf16.h"

namespace kiln {
namespace {

struct Avx512Tiles {
  static void begin() {}
  static void end() {}

  // As AmxTiles::product.
  static void product(int rows, const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0,
                      const uint16_t* b1, int steps, float* c, size_t c_stride, bool accumulate) {
    for (int row = 0; row < rows; row += kRows) {
      with_rows<kRows>(std::min(kRows, rows - row), [&](auto count) {
        multiply<count()>(a + row * a_stride, a_stride, a_step, b0, b1, steps, c + row * c_stride, c_stride,
                          accumulate);
      });
    }
  }

 private:
  static constexpr int kRows = 8;
  static constexpr int kPairs = detail::kInnerStep / 2;

  template <int R>
  static void multiply(const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0, const uint16_t* b1,
                       int steps, float* c, size_t c_stride, bool accumulate) {
    __m512 left[R];
    __m512 right[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      left[r] = accumulate ? _mm512_loadu_ps(c + r * c_stride) : _mm512_setzero_ps();
      right[r] = accumulate ? _mm512_loadu_ps(c + r * c_stride + 16) : _mm512_setzero_ps();
    }
    for (int s = 0; s < steps; s++, a += a_step) {
      for (int p = 0; p < kPairs; p++, b0 += 32, b1 += 32) {
        const __m512bh column0 = (__m512bh)_mm512_loadu_si512(b0);
        const __m512bh column1 = (__m512bh)_mm512_loadu_si512(b1);
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
          int pair;
          __builtin_memcpy(&pair, a + r * a_stride + 2 * p, sizeof(pair));
          const __m512bh row = (__m512bh)_mm512_set1_epi32(pair);
          left[r] = _mm512_dpbf16_ps(left[r], row, column0);
          right[r] = _mm512_dpbf16_ps(right[r], row, column1);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      _mm512_storeu_ps(c + r * c_stride, left[r]);
      _mm512_storeu_ps(c + r * c_stride + 16, right[r]);
    }
  }
};

}  // namespace
}  // namespace kiln
