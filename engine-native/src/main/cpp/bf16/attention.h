// Attention in bfloat16, a template over the block product.
//
// One head at a time. Its keys are packed into panels of 16 keys, [keys / 16][head size / 2][16][2], and its values
// into panels of 16 columns, [head size / 16][keys / 2][16][2], so that both products read them in order, two inner
// values at a time. A block of 32 queries then passes over the keys in blocks of kKeyBlock: scores, running maximum and
// sum, shares rounded to bfloat16, weighted sum of values. Neither scores nor shares leave the cache. The scores of the
// next keys are computed between rows of exponentials, which take most of the time, so that tile and vector
// instructions execute beside each other.
//
// The first key is apart: it starts maximum, sum and output. A class token in front of a whole number of patches thus
// leaves whole blocks.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "bf16.h"
#include "lanes.h"

namespace kiln {
namespace {

template <typename Tiles>
struct Bf16Attention {
  using Arguments = Bf16AttentionArguments;

  static constexpr int kKeyBlock = 128;
  static constexpr int kRows = detail::kBlockRows;
  // Rows of exponentials between two panels of the next scores.
  static constexpr int kRowsPerPanel = kRows / (kKeyBlock / (2 * detail::kPanel));
  static constexpr float kLog2E = 1.44269504f;

  // Keys but the first, and values of a head, in whole blocks.
  static size_t padded_keys(const Arguments& a) { return detail::round_up(a.keys - 1, detail::kInnerStep); }
  static size_t padded_head(const Arguments& a) { return detail::round_up(a.head_size, detail::kInnerStep); }

  struct Layout {
    uint16_t* keys;      // [padded keys / 16][padded head / 2][16][2]
    uint16_t* values;    // [padded head / 16][padded keys / 2][16][2]
    uint16_t* queries;   // [kRows][padded head]
    uint16_t* shares;    // [kRows][kKeyBlock]
    float* scores;       // [2][kRows][kKeyBlock], of one block of keys and of the next
    float* sums;         // [kRows][padded head]
    float* first_key;    // [padded head]
    float* first_value;  // [padded head]
    size_t bytes;

    Layout(const Arguments& a, char* scratch) {
      const size_t head = padded_head(a);
      bytes = 0;
      keys = take<uint16_t>(scratch, padded_keys(a) * head);
      values = take<uint16_t>(scratch, padded_keys(a) * head);
      queries = take<uint16_t>(scratch, kRows * head);
      shares = take<uint16_t>(scratch, kRows * kKeyBlock);
      scores = take<float>(scratch, 2 * kRows * kKeyBlock);
      sums = take<float>(scratch, kRows * head);
      first_key = take<float>(scratch, head);
      first_value = take<float>(scratch, head);
    }

    template <typename T>
    T* take(char* scratch, size_t count) {
      char* at = scratch + bytes;
      bytes += detail::round_up(count * sizeof(T), 64);
      return reinterpret_cast<T*>(at);
    }
  };

  static size_t scratch(const Arguments& a) { return Layout(a, nullptr).bytes; }

  static void pack(const Arguments& a, int head, char* scratch) {
    Layout to(a, scratch);
    const size_t rest = a.keys - 1;
    const size_t keys = padded_keys(a);
    const size_t width = padded_head(a);
    const size_t column = static_cast<size_t>(head) * a.head_size;
    const uint16_t* key = a.key + column;
    const uint16_t* value = a.value + column;
    for (size_t k = 0; k < width; k++) {
      const bool real = k < static_cast<size_t>(a.head_size);
      to.first_key[k] = real ? widen(key[k]) : 0;
      to.first_value[k] = real ? widen(value[k]) : 0;
    }
    std::memset(to.keys, 0, keys * width * sizeof(uint16_t));
    for (size_t j = 0; j < rest; j += detail::kPanel) {
      const size_t count = std::min<size_t>(detail::kPanel, rest - j);
      const uint16_t* from = key + (1 + j) * a.key_stride;
      uint16_t* out = to.keys + j * width;
      for (int k = 0; k < a.head_size; k += 2, out += 2 * detail::kPanel) {
        const size_t pair = std::min(2, a.head_size - k) * sizeof(uint16_t);
        for (size_t i = 0; i < count; i++) {
          if (pair == 4) {
            std::memcpy(out + 2 * i, from + i * a.key_stride + k, 4);
          } else {
            out[2 * i] = from[i * a.key_stride + k];
          }
        }
      }
    }
    std::memset(to.values, 0, keys * width * sizeof(uint16_t));
    for (size_t j = 0; j < rest; j += 2) {
      const uint16_t* even = value + (1 + j) * a.key_stride;
      const uint16_t* odd = even + a.key_stride;
      for (int d = 0; d < a.head_size; d += detail::kPanel) {
        const int count = std::min(detail::kPanel, a.head_size - d);
        uint16_t* out = to.values + d * keys + j * detail::kPanel;
        for (int i = 0; i < count; i++) {
          out[2 * i] = even[d + i];
        }
        for (int i = 0; i < count && j + 1 < rest; i++) {
          out[2 * i + 1] = odd[d + i];
        }
      }
    }
  }

  static void block(const Arguments& a, int head, int first, int queries, char* scratch) {
    Layout s(a, scratch);
    const size_t column = static_cast<size_t>(head) * a.head_size;
    const size_t width = padded_head(a);
    const int padded = static_cast<int>(padded_keys(a));
    const int rest = a.keys - 1;
    float highest[kRows];  // in units of log2(e)
    Floats total[kRows];   // partial sums
    std::memset(s.queries, 0, kRows * width * sizeof(uint16_t));
    for (int i = 0; i < queries; i++) {
      uint16_t* row = s.queries + i * width;
      std::memcpy(row, a.query + (first + i) * a.query_stride + column, a.head_size * sizeof(uint16_t));
      Floats score = {};
      for (size_t k = 0; k < width; k += kLanes) {
        score += widen(row + k) * load<kLanes>(s.first_key + k);
      }
      highest[i] = sum(score) * kLog2E;
      total[i] = Floats{1};
    }
    for (int i = 0; i < kRows; i++) {
      std::memcpy(s.sums + i * width, s.first_value, width * sizeof(float));
    }
    float* scores = s.scores;
    float* next_scores = s.scores + kRows * kKeyBlock;
    for (int panel = 0; panel < std::min(kKeyBlock, padded); panel += 2 * detail::kPanel) {
      multiply_keys(s, width, queries, panel, scores + panel);
    }
    for (int from = 0; from < padded; from += kKeyBlock) {
      const int keys = std::min(kKeyBlock, padded - from);
      const int next = from + kKeyBlock;
      const int next_keys = std::min(kKeyBlock, padded - next);
      const int real = std::min(keys, rest - from);
      int panel = 0;
      for (int i = 0; i < queries; i++) {
        if (i % kRowsPerPanel == 0 && panel < next_keys) {
          multiply_keys(s, width, queries, next + panel, next_scores + panel);
          panel += 2 * detail::kPanel;
        }
        soften(scores + i * kKeyBlock, s.shares + i * kKeyBlock, keys, real, highest[i], total[i], s.sums + i * width,
               width);
      }
      for (; panel < next_keys; panel += 2 * detail::kPanel) {
        multiply_keys(s, width, queries, next + panel, next_scores + panel);
      }
      std::swap(scores, next_scores);
      for (size_t d = 0; d < width; d += 2 * detail::kPanel) {
        const uint16_t* packed = s.values + d * padded + static_cast<size_t>(from) * detail::kPanel;
        Tiles::product(queries, s.shares, kKeyBlock, detail::kInnerStep, packed,
                       packed + static_cast<size_t>(detail::kPanel) * padded, keys / detail::kInnerStep, s.sums + d,
                       width, true);
      }
    }
    for (int i = 0; i < queries; i++) {
      const float scale = 1 / sum(total[i]);
      uint16_t* out = a.out + (first + i) * a.out_stride + column;
      for (int d = 0; d < a.head_size; d += kLanes) {
        store(out + d, load<kLanes>(s.sums + i * width + d) * scale, a.head_size - d);
      }
    }
  }

  // scores[queries][32] of two panels of keys.
  static void multiply_keys(const Layout& s, size_t width, int queries, int first_key, float* scores) {
    const uint16_t* packed = s.keys + static_cast<size_t>(first_key) * width;
    Tiles::product(queries, s.queries, width, detail::kInnerStep, packed, packed + detail::kPanel * width,
                   static_cast<int>(width) / detail::kInnerStep, scores, kKeyBlock, false);
  }

  // Turns scores into shares, 2^(score · log2(e) - maximum), and updates the running maximum, sum and output of a row.
  static void soften(float* scores, uint16_t* shares, int keys, int real, float& highest, Floats& total, float* sums,
                     size_t width) {
    for (int j = real; j < keys; j++) {
      scores[j] = -std::numeric_limits<float>::infinity();
    }
    Floats most = load<kLanes>(scores);
    for (int j = kLanes; j < keys; j += kLanes) {
      most = larger(most, load<kLanes>(scores + j));
    }
    const float next = maximum(most) * kLog2E;
    if (next > highest) {
      const float correction = std::exp2(highest - next);
      total *= correction;
      for (size_t d = 0; d < width; d += kLanes) {
        store(sums + d, load<kLanes>(sums + d) * correction);
      }
      highest = next;
    }
    const Floats shift = broadcast<kLanes>(highest);
    for (int j = 0; j < keys; j += kLanes) {
      const Floats share = coarse_power_of_two(load<kLanes>(scores + j) * kLog2E - shift);
      total += share;
      store(shares + j, share);
    }
  }
};

}  // namespace
}  // namespace kiln
