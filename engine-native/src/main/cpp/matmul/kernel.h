// The implementation, a template over the vector width. Each translation unit that includes it is compiled for other
// instructions, so everything is in an unnamed namespace.
//
// As in BLIS: M rows by two vectors of the output stay in registers, 12 of 16 with AVX2 and 24 of 32 with AVX-512. A
// block of the inner dimension of one panel of weights (22 or 32 KB) stays in the first-level cache while all rows of a
// block of the input (470 or 350 KB, packed into groups of M rows) pass by from the second. Meanwhile the weights of
// the next panel are fetched.
#pragma once

#include <algorithm>

#include "../simd/exponential.h"
#include "../simd/vectors.h"
#include "matmul.h"

namespace kiln {
namespace {

// x · Φ(x), with erf by Abramowitz and Stegun 7.1.26: at most 1.5e-7 from erf.
template <typename Vector>
inline Vector gelu(Vector x) {
  const Vector z = larger(x, -x) * 0.70710678f;
  const Vector t = 1.0f / (z * 0.3275911f + 1.0f);
  Vector p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vector tail = p * t * exponential(-(z * z));
  // Φ(x) is 1 - tail / 2 for positive x, and tail / 2 for negative x.
  const Vector half = 0.5f * tail;
  return x * (x < 0 ? half : 1.0f - half);
}

// Transposes 8 rows of 8 values.
using Octet = Vectors<8>::Vector;
using LooseOctet = Vectors<8>::Loose;

inline void transpose(Octet (&row)[8]) {
  using Lanes = int __attribute__((vector_size(32)));
  Octet pair[8];
  for (int i = 0; i < 8; i += 2) {
    pair[i] = __builtin_shuffle(row[i], row[i + 1], Lanes{0, 8, 1, 9, 4, 12, 5, 13});
    pair[i + 1] = __builtin_shuffle(row[i], row[i + 1], Lanes{2, 10, 3, 11, 6, 14, 7, 15});
  }
  Octet quad[8];
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      quad[i + 2 * j] = __builtin_shuffle(pair[i + j], pair[i + j + 2], Lanes{0, 1, 8, 9, 4, 5, 12, 13});
      quad[i + 2 * j + 1] = __builtin_shuffle(pair[i + j], pair[i + j + 2], Lanes{2, 3, 10, 11, 6, 7, 14, 15});
    }
  }
  for (int i = 0; i < 4; i++) {
    row[i] = __builtin_shuffle(quad[i], quad[i + 4], Lanes{0, 1, 2, 3, 8, 9, 10, 11});
    row[i + 4] = __builtin_shuffle(quad[i], quad[i + 4], Lanes{4, 5, 6, 7, 12, 13, 14, 15});
  }
}

// What happens to a tile of the output besides the products of one block of the inner dimension.
struct Tile {
  bool previous;      // adds what the output contains
  const float* bias;  // adds the values of a panel, unless null
  bool gelu;
};

// W floats in a vector, M rows and two vectors of columns in registers.
template <int W, int M>
struct PackedProduct {
  using Vector = typename Vectors<W>::Vector;

  static constexpr int kPanel = 2 * W;
  // With AVX2 a third of 1,024: fewer additions to the output than with 256, which makes products 1.01 to 1.03 times as
  // fast on Zen 3. With AVX-512 that many values of a panel would not fit the first-level cache.
  static constexpr int kInnerBlock = W == 8 ? 344 : 256;
  static constexpr int kRowBlock = (342 + M - 1) / M * M;
  static constexpr int kUnroll = 4;
  static constexpr int kLine = 16;  // floats of a line of the cache
  static constexpr int kOctets = (M + 7) / 8;
  static constexpr size_t kPacked = static_cast<size_t>(kRowBlock) * kInnerBlock + 8;
  static constexpr size_t kScratch = kPacked + M * kPanel;

  // R rows of one panel: out[r][0..kPanel) = start + in · panel over `inner` values, a multiple of U. The start is what
  // the output contains if `previous`, plus the bias unless that is null. Not inlined, because GCC 12 then keeps sums
  // in memory, and the loop takes 1.4 times as long.
  template <int R, int U>
  [[gnu::noinline]] static void multiply(const float* in, const float* panel, int inner, float* out, size_t stride,
                                         bool previous, const float* bias) {
    Vector left[R] = {};
    Vector right[R] = {};
#pragma GCC unroll 12
    for (int r = 0; r < R; r++) {
      __builtin_prefetch(out + r * stride);
      __builtin_prefetch(out + r * stride + kPanel - 1);
    }
    for (int k = 0; k < inner; k += U) {
#pragma GCC unroll 4
      for (int u = 0; u < U; u++) {
        const Vector weights0 = load<W>(panel + u * kPanel);
        const Vector weights1 = load<W>(panel + u * kPanel + W);
#pragma GCC unroll 12
        for (int r = 0; r < R; r++) {
          const Vector value = broadcast<W>(in[u * M + r]);
          multiply_add(left[r], weights0, value);
          multiply_add(right[r], weights1, value);
        }
      }
      in += U * M;
      panel += U * kPanel;
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; r++) {
      float* at = out + r * stride;
      if (previous) {
        left[r] += load<W>(at);
        right[r] += load<W>(at + W);
      }
      if (bias != nullptr) {
        left[r] += load<W>(bias);
        right[r] += load<W>(bias + W);
      }
      store(at, left[r]);
      store(at + W, right[r]);
    }
  }

  template <int R>
  static void multiply(const float* in, const float* panel, int inner, float* out, size_t stride, const Tile& tile) {
    const int whole = inner / kUnroll * kUnroll;
    multiply<R, kUnroll>(in, panel, whole, out, stride, tile.previous, tile.bias);
    if (whole < inner) {
      multiply<R, 1>(in + whole * M, panel + whole * kPanel, inner - whole, out, stride, true, nullptr);
    }
    if (tile.gelu) {
      for (int r = 0; r < R; r++) {
        float* at = out + r * stride;
        store(at, gelu(load<W>(at)));
        store(at + W, gelu(load<W>(at + W)));
      }
    }
  }

  // A tile at the right edge, whose panel is wider than the output: computed beside it.
  template <int R>
  static void multiply_edge(const float* in, const float* panel, int inner, float* out, size_t stride, int columns,
                            Tile tile, float* beside) {
    float bias[kPanel] = {};
    if (tile.bias != nullptr) {
      std::copy_n(tile.bias, columns, bias);
      tile.bias = bias;
    }
    for (int r = 0; r < R; r++) {
      std::copy_n(out + r * stride, columns, beside + r * kPanel);
    }
    multiply<R>(in, panel, inner, beside, kPanel, tile);
    for (int r = 0; r < R; r++) {
      std::copy_n(beside + r * kPanel, columns, out + r * stride);
    }
  }

  // Packs rows of the input into groups of M: [rows / M][inner][M]. Writes up to 8 floats beyond.
  static void pack(const MatmulArguments& a, int first_row, int rows, int first_inner, int inner, float* packed) {
    const float* from = a.in + first_row * a.in_stride + first_inner;
    for (int group = 0; group < rows; group += M, from += M * a.in_stride, packed += M * inner) {
      const int count = std::min(M, rows - group);
      int k = 0;
      if (count == M) {
        for (; k + 8 <= inner; k += 8) {
          Octet row[kOctets][8] = {};
          for (int r = 0; r < M; r++) {
            row[r / 8][r % 8] = *reinterpret_cast<const LooseOctet*>(from + r * a.in_stride + k);
          }
          for (int octet = 0; octet < kOctets; octet++) {
            transpose(row[octet]);
          }
          // Values beyond the group are overwritten by those of the next inner value.
          for (int i = 0; i < 8; i++) {
            for (int octet = 0; octet < kOctets; octet++) {
              *reinterpret_cast<LooseOctet*>(packed + (k + i) * M + octet * 8) = row[octet][i];
            }
          }
        }
      }
      for (; k < inner; k++) {
        for (int r = 0; r < count; r++) {
          packed[k * M + r] = from[r * a.in_stride + k];
        }
      }
    }
  }

  // Fetches a block of weights into the second-level cache, a part in each of the `tiles` of the block before.
  static void prefetch(const float* panel, int inner, int tile, int tiles) {
    const int lines = inner * kPanel / kLine;
    const int part = std::max(8, (lines + tiles - 1) / tiles);
    for (int line = tile * part; line < std::min((tile + 1) * part, lines); line++) {
      __builtin_prefetch(panel + line * kLine, 0, 2);
    }
  }

  static void compute(const MatmulArguments& a, const detail::Rectangle& part, float* scratch) {
    float* beside = scratch + kPacked;
    const int end = part.first_row + part.rows;
    for (int row = part.first_row; row < end; row += kRowBlock) {
      const int rows = std::min(kRowBlock, end - row);
      for (int k = 0; k < a.inner; k += kInnerBlock) {
        const int inner = std::min(kInnerBlock, a.inner - k);
        pack(a, row, rows, k, inner, scratch);
        const bool first = k == 0;
        const bool last = k + inner == a.inner;
        for (int column = 0; column < part.columns; column += kPanel) {
          const int at = part.first_column + column;
          const int columns = std::min(kPanel, part.columns - column);
          const float* panel = a.weights + static_cast<size_t>(at) * a.inner + static_cast<size_t>(k) * kPanel;
          const Tile tile = {!first || a.epilogue == MatmulEpilogue::accumulate,
                             first && a.bias != nullptr ? a.bias + at : nullptr,
                             last && a.epilogue == MatmulEpilogue::gelu};
          for (int i = 0; i < rows; i += M) {
            const float* in = scratch + static_cast<size_t>(i) * inner;
            float* out = a.out + (row + i) * a.out_stride + at;
            if (column + kPanel < part.columns) {
              prefetch(panel + static_cast<size_t>(a.inner) * kPanel, inner, i / M, (rows + M - 1) / M);
            }
            with_rows<M>(std::min(M, rows - i), [&](auto count) {
              if (columns == kPanel) {
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
};

template <int W, int M>
const detail::MatmulKernel& packed_product() {
  using Product = PackedProduct<W, M>;
  static const detail::MatmulKernel kernel = {Product::kPanel, Product::kScratch, Product::compute};
  return kernel;
}

}  // namespace
}  // namespace kiln
