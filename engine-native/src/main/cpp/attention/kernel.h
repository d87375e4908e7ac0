// The vectorized implementation, a template over the vector width. Each translation unit that includes it is compiled
// for other instructions, so everything is in an unnamed namespace.
//
// One head at a time. Its keys are packed into panels of N keys, [keys / N][head size][N], and its values into panels
// of N columns, [head size / N][keys][N], so that both matrix products read memory in order. A block of queries then
// passes over the keys in blocks of kKeyBlock: scores, running maximum and sum, weighted sum of values. Scores of a
// block of keys are all that is ever stored, and stay in the first-level cache.
//
// The first key is apart: it starts maximum, sum and output. A class token in front of a whole number of patches thus
// leaves whole blocks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "../simd/exponential.h"
#include "../simd/vectors.h"
#include "attention.h"

namespace kiln {
namespace {

constexpr int kKeyBlock = 128;
constexpr float kLog2E = 1.44269504f;

// W floats in a vector, M rows of queries and two vectors of columns in registers.
template <int W, int M>
struct Fused {
  using Vector = typename Vectors<W>::Vector;

  static constexpr int kPanel = 2 * W;
  static constexpr int kBlockQueries = 4 * M;

  static size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }
  // Keys but the first, in whole panels.
  static size_t padded_keys(const AttentionArguments<float>& a) { return round_up(a.keys - 1, kPanel); }
  static size_t padded_head(const AttentionArguments<float>& a) { return round_up(a.head_size, kPanel); }

  struct Layout {
    float* keys;     // [padded keys / kPanel][head size][kPanel]
    float* values;   // [padded head / kPanel][padded keys][kPanel]
    float* queries;  // [kBlockQueries / M][head size][M]
    float* scores;   // [kBlockQueries][kKeyBlock]
    float* sums;     // [kBlockQueries][padded head]
    float* first;    // [padded head], the value of the first key
    float* end;

    Layout(const AttentionArguments<float>& a, float* scratch) {
      keys = scratch;
      values = keys + padded_keys(a) * a.head_size;
      queries = values + padded_keys(a) * padded_head(a);
      scores = queries + round_up(static_cast<size_t>(kBlockQueries) * a.head_size, kPanel);
      sums = scores + kBlockQueries * kKeyBlock;
      first = sums + kBlockQueries * padded_head(a);
      end = first + padded_head(a);
    }
  };

  static size_t scratch(const AttentionArguments<float>& a) {
    return Layout(a, nullptr).end - static_cast<float*>(nullptr);
  }

  static void pack(const AttentionArguments<float>& a, int head, float* scratch) {
    Layout to(a, scratch);
    const size_t rest = a.keys - 1;
    const size_t padded = padded_keys(a);
    const size_t column = static_cast<size_t>(head) * a.head_size;
    for (size_t panel = 0; panel < padded; panel += kPanel) {
      float* out = to.keys + panel * a.head_size;
      for (int j = 0; j < kPanel; j++) {
        if (panel + j < rest) {
          const float* row = a.key + (1 + panel + j) * a.key_stride + column;
          for (int k = 0; k < a.head_size; k++) {
            out[k * kPanel + j] = row[k];
          }
        } else {
          for (int k = 0; k < a.head_size; k++) {
            out[k * kPanel + j] = 0;
          }
        }
      }
    }
    for (size_t d = 0; d < padded_head(a); d += kPanel) {
      float* out = to.values + d * padded;
      const size_t width = std::min<size_t>(kPanel, a.head_size - d);
      for (size_t j = 0; j < padded; j++, out += kPanel) {
        size_t copied = 0;
        if (j < rest) {
          std::memcpy(out, a.value + (1 + j) * a.key_stride + column + d, width * sizeof(float));
          copied = width;
        }
        std::fill(out + copied, out + kPanel, 0.0f);
      }
    }
    std::fill(to.first, to.first + padded_head(a), 0.0f);
    std::memcpy(to.first, a.value + column, a.head_size * sizeof(float));
  }

  // scores[row][0..kPanel) = queries · keys of one panel, for R rows. Not inlined, so that GCC 12 keeps sums in
  // registers.
  template <int R>
  [[gnu::noinline]] static void multiply_keys(const float* queries, const float* panel, int head_size, float* scores) {
    Vector left[R] = {};
    Vector right[R] = {};
#pragma GCC unroll 4
    for (int k = 0; k < head_size; k++) {
      const Vector key0 = load<W>(panel + k * kPanel);
      const Vector key1 = load<W>(panel + k * kPanel + W);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        const Vector query = broadcast<W>(queries[k * M + r]);
        multiply_add(left[r], key0, query);
        multiply_add(right[r], key1, query);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      store(scores + r * kKeyBlock, left[r]);
      store(scores + r * kKeyBlock + W, right[r]);
    }
  }

  // sums[row][0..kPanel) += scores · values of one panel, for R rows.
  template <int R>
  [[gnu::noinline]] static void multiply_values(const float* scores, const float* panel, int keys, float* sums,
                                                size_t stride) {
    Vector left[R];
    Vector right[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      left[r] = load<W>(sums + r * stride);
      right[r] = load<W>(sums + r * stride + W);
    }
#pragma GCC unroll 4
    for (int j = 0; j < keys; j++) {
      const Vector value0 = load<W>(panel + j * kPanel);
      const Vector value1 = load<W>(panel + j * kPanel + W);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        const Vector score = broadcast<W>(scores[r * kKeyBlock + j]);
        multiply_add(left[r], value0, score);
        multiply_add(right[r], value1, score);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      store(sums + r * stride, left[r]);
      store(sums + r * stride + W, right[r]);
    }
  }

  static float product(const float* a, const float* b, int count) {
    Vector total = {};
    int k = 0;
    for (; k + W <= count; k += W) {
      total += load<W>(a + k) * load<W>(b + k);
    }
    float result = sum(total);
    for (; k < count; k++) {
      result += a[k] * b[k];
    }
    return result;
  }

  static void block(const AttentionArguments<float>& a, int head, int first, int queries, float* scratch) {
    Layout s(a, scratch);
    const size_t column = static_cast<size_t>(head) * a.head_size;
    const size_t padded_head_size = padded_head(a);
    const int padded = static_cast<int>(padded_keys(a));
    const int rest = a.keys - 1;
    float highest[kBlockQueries];  // in units of log2(e)
    Vector total[kBlockQueries];   // partial sums
    for (int i = 0; i < queries; i++) {
      const float* row = a.query + (first + i) * a.query_stride + column;
      float* out = s.queries + i / M * M * a.head_size + i % M;
      for (int k = 0; k < a.head_size; k++) {
        out[k * M] = row[k];
      }
      highest[i] = product(row, a.key + column, a.head_size) * kLog2E;
      total[i] = Vector{1};
      std::memcpy(s.sums + i * padded_head_size, s.first, padded_head_size * sizeof(float));
    }
    for (int from = 0; from < padded; from += kKeyBlock) {
      const int keys = std::min(kKeyBlock, padded - from);
      for (int panel = 0; panel < keys; panel += kPanel) {
        const float* packed = s.keys + static_cast<size_t>(from + panel) * a.head_size;
        for (int i = 0; i < queries; i += M) {
          with_rows<M>(std::min(M, queries - i), [&](auto rows) {
            multiply_keys<rows()>(s.queries + i * a.head_size, packed, a.head_size, s.scores + i * kKeyBlock + panel);
          });
        }
      }
      const int real = std::min(keys, rest - from);
      for (int i = 0; i < queries; i++) {
        soften(s.scores + i * kKeyBlock, keys, real, highest[i], total[i], s.sums + i * padded_head_size,
               padded_head_size);
      }
      for (size_t d = 0; d < padded_head_size; d += kPanel) {
        const float* packed = s.values + d * padded + static_cast<size_t>(from) * kPanel;
        for (int i = 0; i < queries; i += M) {
          with_rows<M>(std::min(M, queries - i), [&](auto rows) {
            multiply_values<rows()>(s.scores + i * kKeyBlock, packed, keys, s.sums + i * padded_head_size + d,
                                    padded_head_size);
          });
        }
      }
    }
    for (int i = 0; i < queries; i++) {
      const float scale = 1 / sum(total[i]);
      const float* sums = s.sums + i * padded_head_size;
      float* out = a.out + (first + i) * a.out_stride + column;
      for (int d = 0; d < a.head_size; d++) {
        out[d] = sums[d] * scale;
      }
    }
  }

  // Turns scores into 2^(score · log2(e) - maximum) and updates the running maximum, sum and output of a row.
  static void soften(float* scores, int keys, int real, float& highest, Vector& total, float* sums, size_t width) {
    for (int j = real; j < keys; j++) {
      scores[j] = -INFINITY;
    }
    Vector most = load<W>(scores);
    for (int j = W; j < keys; j += W) {
      most = larger(most, load<W>(scores + j));
    }
    const float next = maximum(most) * kLog2E;
    if (next > highest) {
      const float correction = std::exp2(highest - next);
      total *= correction;
      for (size_t d = 0; d < width; d += W) {
        store(sums + d, load<W>(sums + d) * correction);
      }
      highest = next;
    }
    const Vector shift = broadcast<W>(highest);
    for (int j = 0; j < keys; j += W) {
      const Vector share = power_of_two(load<W>(scores + j) * kLog2E - shift);
      store(scores + j, share);
      total += share;
    }
  }
};

template <int W, int M>
const detail::AttentionKernel& fused_kernel() {
  using Kernel = Fused<W, M>;
  static const detail::AttentionKernel kernel = {Kernel::kBlockQueries, Kernel::scratch, Kernel::pack, Kernel::block};
  return kernel;
}

}  // namespace
}  // namespace kiln
