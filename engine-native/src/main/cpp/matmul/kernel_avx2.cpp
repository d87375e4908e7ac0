// Compiled with -mavx2 -mfma.
//
// As in BLIS: 6 rows by 16 columns of the output are 12 of the 16 registers. A block of the inner dimension of one
// panel of weights (16 KB) stays in the first-level cache while all rows of a block of the input (350 KB, packed into
// groups of 6 rows) pass by from the second. Meanwhile the weights of the next panel are fetched.
#include <immintrin.h>

#include <algorithm>
#include <type_traits>

#include "../simd/exponential.h"
#include "matmul.h"

namespace {

using kiln::kPanelColumns;
using kiln::MatmulArguments;
using kiln::MatmulEpilogue;
using kiln::detail::Rectangle;

constexpr int kRows = 6;
constexpr int kInnerBlock = 256;
constexpr int kRowBlock = 57 * kRows;
constexpr int kUnroll = 4;
constexpr size_t kScratch = static_cast<size_t>(kRowBlock) * kInnerBlock + 8 + kRows * kPanelColumns;

// sum += x * y. GCC 12 splits the intrinsic into moves and other forms, and the loop takes 1.1 times as long.
inline void multiply_add(__m256& sum, __m256 x, __m256 y) {
  asm("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y));
}

// x · Φ(x), with erf by Abramowitz and Stegun 7.1.26: at most 1.5e-7 from erf.
inline __m256 gelu(__m256 x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  const __m256 one = _mm256_set1_ps(1.0f);
  const __m256 z = _mm256_mul_ps(_mm256_andnot_ps(sign, x), _mm256_set1_ps(0.70710678f));
  const __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(z, _mm256_set1_ps(0.3275911f), one));
  __m256 p = _mm256_set1_ps(1.061405429f);
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(-1.453152027f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(1.421413741f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(-0.284496736f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(0.254829592f));
  const __m256 tail = _mm256_mul_ps(_mm256_mul_ps(p, t), kiln::exponential(_mm256_xor_ps(sign, _mm256_mul_ps(z, z))));
  // Φ(x) is 1 - tail / 2 for positive x, and tail / 2 for negative x.
  const __m256 half = _mm256_mul_ps(_mm256_set1_ps(0.5f), tail);
  return _mm256_mul_ps(x, _mm256_blendv_ps(_mm256_sub_ps(one, half), half, x));
}

// R rows of one panel: out[r][0..16) = start + in · panel over `inner` values, a multiple of U. The start is what the
// output contains if `previous`, plus the bias unless that is null.
template <int R, int U>
void multiply(const float* in, const float* panel, int inner, float* out, size_t stride, bool previous,
              const float* bias) {
  __m256 left[R];
  __m256 right[R];
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    left[r] = _mm256_setzero_ps();
    right[r] = _mm256_setzero_ps();
    _mm_prefetch(reinterpret_cast<const char*>(out + r * stride), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(out + r * stride + kPanelColumns - 1), _MM_HINT_T0);
  }
  for (int k = 0; k < inner; k += U) {
#pragma GCC unroll 4
    for (int u = 0; u < U; u++) {
      const __m256 weights0 = _mm256_load_ps(panel + u * kPanelColumns);
      const __m256 weights1 = _mm256_load_ps(panel + u * kPanelColumns + 8);
#pragma GCC unroll 6
      for (int r = 0; r < R; r++) {
        const __m256 value = _mm256_broadcast_ss(in + u * kRows + r);
        multiply_add(left[r], weights0, value);
        multiply_add(right[r], weights1, value);
      }
    }
    in += U * kRows;
    panel += U * kPanelColumns;
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    float* at = out + r * stride;
    if (previous) {
      left[r] = _mm256_add_ps(left[r], _mm256_loadu_ps(at));
      right[r] = _mm256_add_ps(right[r], _mm256_loadu_ps(at + 8));
    }
    if (bias != nullptr) {
      left[r] = _mm256_add_ps(left[r], _mm256_loadu_ps(bias));
      right[r] = _mm256_add_ps(right[r], _mm256_loadu_ps(bias + 8));
    }
    _mm256_storeu_ps(at, left[r]);
    _mm256_storeu_ps(at + 8, right[r]);
  }
}

// What happens to a tile of the output besides the products of one block of the inner dimension.
struct Tile {
  bool previous;      // adds what the output contains
  const float* bias;  // adds 16 values, unless null
  bool gelu;
};

template <int R>
void multiply(const float* in, const float* panel, int inner, float* out, size_t stride, const Tile& tile) {
  const int whole = inner / kUnroll * kUnroll;
  multiply<R, kUnroll>(in, panel, whole, out, stride, tile.previous, tile.bias);
  if (whole < inner) {
    multiply<R, 1>(in + whole * kRows, panel + whole * kPanelColumns, inner - whole, out, stride, true, nullptr);
  }
  if (tile.gelu) {
    for (int r = 0; r < R; r++) {
      float* at = out + r * stride;
      _mm256_storeu_ps(at, gelu(_mm256_loadu_ps(at)));
      _mm256_storeu_ps(at + 8, gelu(_mm256_loadu_ps(at + 8)));
    }
  }
}

// Calls the instance for 1 to R rows.
template <int R, typename Call>
void with_rows(int rows, Call call) {
  if constexpr (R == 1) {
    call(std::integral_constant<int, 1>());
  } else if (rows == R) {
    call(std::integral_constant<int, R>());
  } else {
    with_rows<R - 1>(rows, call);
  }
}

// Transposes 8 rows of 8 values.
inline void transpose(__m256 (&row)[8]) {
  __m256 pair[8];
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
  __m256 quad[8];
  for (int i = 0; i < 8; i += 4) {
    quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
    quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    row[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    row[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}

// Packs rows of the input into groups of 6: [rows / 6][inner][6]. Writes up to 8 floats beyond.
void pack(const MatmulArguments& a, int first_row, int rows, int first_inner, int inner, float* packed) {
  const float* from = a.in + first_row * a.in_stride + first_inner;
  for (int group = 0; group < rows; group += kRows, from += kRows * a.in_stride, packed += kRows * inner) {
    const int count = std::min(kRows, rows - group);
    int k = 0;
    if (count == kRows) {
      for (; k + 8 <= inner; k += 8) {
        __m256 row[8];
        for (int r = 0; r < kRows; r++) {
          row[r] = _mm256_loadu_ps(from + r * a.in_stride + k);
        }
        row[6] = row[7] = _mm256_setzero_ps();
        transpose(row);
        // Each vector overwrites the last two values of the one before.
        for (int i = 0; i < 8; i++) {
          _mm256_storeu_ps(packed + (k + i) * kRows, row[i]);
        }
      }
    }
    for (; k < inner; k++) {
      for (int r = 0; r < count; r++) {
        packed[k * kRows + r] = from[r * a.in_stride + k];
      }
    }
  }
}

// Fetches a part of a block of weights into the second-level cache: all of it in the first tiles of the block before.
inline void prefetch(const float* panel, int inner, int tile) {
  constexpr int kLines = 8;  // of 16 floats, each the weights of one inner value
  const int first = tile * kLines;
  for (int line = first; line < std::min(first + kLines, inner); line++) {
    _mm_prefetch(reinterpret_cast<const char*>(panel + line * kPanelColumns), _MM_HINT_T1);
  }
}

// A tile at the right edge, whose panel is wider than the output: computed beside it.
template <int R>
void multiply_edge(const float* in, const float* panel, int inner, float* out, size_t stride, int columns, Tile tile,
                   float* beside) {
  float bias[kPanelColumns] = {};
  if (tile.bias != nullptr) {
    std::copy_n(tile.bias, columns, bias);
    tile.bias = bias;
  }
  for (int r = 0; r < R; r++) {
    std::copy_n(out + r * stride, columns, beside + r * kPanelColumns);
  }
  multiply<R>(in, panel, inner, beside, kPanelColumns, tile);
  for (int r = 0; r < R; r++) {
    std::copy_n(beside + r * kPanelColumns, columns, out + r * stride);
  }
}

void compute(const MatmulArguments& a, const Rectangle& part, float* scratch) {
  float* beside = scratch + static_cast<size_t>(kRowBlock) * kInnerBlock + 8;
  const int end = part.first_row + part.rows;
  for (int row = part.first_row; row < end; row += kRowBlock) {
    const int rows = std::min(kRowBlock, end - row);
    for (int k = 0; k < a.inner; k += kInnerBlock) {
      const int inner = std::min(kInnerBlock, a.inner - k);
      pack(a, row, rows, k, inner, scratch);
      const bool first = k == 0;
      const bool last = k + inner == a.inner;
      for (int column = 0; column < part.columns; column += kPanelColumns) {
        const int at = part.first_column + column;
        const int columns = std::min(kPanelColumns, part.columns - column);
        const float* panel = a.weights + static_cast<size_t>(at) * a.inner + static_cast<size_t>(k) * kPanelColumns;
        const Tile tile = {!first || a.epilogue == MatmulEpilogue::accumulate,
                           first && a.bias != nullptr ? a.bias + at : nullptr,
                           last && a.epilogue == MatmulEpilogue::gelu};
        for (int i = 0; i < rows; i += kRows) {
          const float* in = scratch + static_cast<size_t>(i) * inner;
          float* out = a.out + (row + i) * a.out_stride + at;
          if (column + kPanelColumns < part.columns) {
            prefetch(panel + static_cast<size_t>(a.inner) * kPanelColumns, inner, i / kRows);
          }
          with_rows<kRows>(std::min(kRows, rows - i), [&](auto count) {
            if (columns == kPanelColumns) {
              multiply<count()>(in, panel, inner, out, a.out_stride, tile);
            } else {
              multiply_edge<count()>(in, panel, inner, out, a.out_stride, columns, tile, beside);
            }
          });
        }
      }
    }
  }
}

}  // namespace

const kiln::detail::MatmulKernel& kiln::detail::matmul_avx2() {
  static const MatmulKernel kernel = {kScratch, compute};
  return kernel;
}
