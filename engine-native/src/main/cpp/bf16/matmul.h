// Matrix products in bfloat16, a template over the block product.
//
// Rows of the input are packed in blocks of 32, [inner / 32][32][32], as many as stay in the second-level cache. Panels
// of weights pass by, 32 columns at a time, half of them (kInnerBlock) in the first-level cache. Sums stay in float32
// until the epilogue.
#pragma once

#include <algorithm>

#include "bf16.h"
#include "lanes.h"

namespace kiln {
namespace {

template <typename Tiles>
struct Bf16Matmul {
  using Arguments = Bf16MatmulArguments;

  static constexpr int kRows = detail::kBlockRows;
  static constexpr int kColumns = detail::kBlockColumns;
  static constexpr int kInnerBlock = 512;
  // Inner values of one pass over float32 output; output in bfloat16 needs all in one pass.
  static constexpr int kPass = 1024;

  static int pass(const Arguments& a) { return a.float_out ? std::min(a.inner, kPass) : a.inner; }
  static size_t padded(int inner) { return detail::round_up(inner, detail::kInnerStep); }

  static size_t scratch(const Arguments& a, int row_blocks) {
    const size_t rows = static_cast<size_t>(row_blocks) * kRows;
    return rows * padded(pass(a)) * sizeof(uint16_t) + rows * kColumns * sizeof(float);
  }

  static void compute(const Arguments& a, const detail::Blocks& part, int row_blocks, char* scratch) {
    uint16_t* packed = reinterpret_cast<uint16_t*>(scratch);
    float* sums = reinterpret_cast<float*>(scratch + static_cast<size_t>(row_blocks) * kRows * padded(pass(a)) *
                                                         sizeof(uint16_t));
    for (int from = 0; from < a.inner; from += pass(a)) {
      const int inner = std::min(pass(a), a.inner - from);
      for (int block = 0; block < part.rows; block += row_blocks) {
        const int first_row = (part.first_row + block) * kRows;
        const int rows = std::min(std::min(row_blocks, part.rows - block) * kRows, a.rows - first_row);
        pack(a, first_row, rows, from, inner, packed);
        for (int column = 0; column < part.columns; column++) {
          const int first_column = (part.first_column + column) * kColumns;
          multiply(a, rows, from, inner, first_column, packed, sums);
          finish(a, first_row, rows, first_column, from == 0, from + inner == a.inner, sums);
        }
      }
    }
  }

 private:
  static void pack(const Arguments& a, int first_row, int rows, int from, int inner, uint16_t* packed) {
    const int steps = static_cast<int>(padded(inner)) / detail::kInnerStep;
    for (int row = 0; row < rows; row++) {
      const uint16_t* in = a.in + (first_row + row) * a.in_stride + from;
      uint16_t* out = packed + static_cast<size_t>(row / kRows) * kRows * padded(inner) + row % kRows * 32;
      for (int s = 0; s < steps; s++, in += detail::kInnerStep, out += kRows * detail::kInnerStep) {
        const int count = std::min(detail::kInnerStep, inner - s * detail::kInnerStep);
        std::memcpy(out, in, count * sizeof(uint16_t));
        std::fill(out + count, out + detail::kInnerStep, uint16_t{0});
      }
    }
  }

  // sums[rows][32] = the product over `inner` values.
  static void multiply(const Arguments& a, int rows, int from, int inner, int first_column, const uint16_t* packed,
                       float* sums) {
    const size_t length = padded(a.inner) * detail::kPanel;  // values of a panel
    const uint16_t* panel = a.weights + first_column / detail::kPanel * length;
    const int all = static_cast<int>(padded(inner));
    for (int k = 0; k < all; k += kInnerBlock) {
      const int count = std::min(kInnerBlock, all - k);
      const uint16_t* b0 = panel + static_cast<size_t>(from + k) * detail::kPanel;
      for (int row = 0; row < rows; row += kRows) {
        const uint16_t* in = packed + static_cast<size_t>(row) * all + static_cast<size_t>(k) * kRows;
        Tiles::product(std::min(kRows, rows - row), in, detail::kInnerStep, kRows * detail::kInnerStep, b0, b0 + length,
                       count / detail::kInnerStep, sums + static_cast<size_t>(row) * kColumns, kColumns, k > 0);
      }
    }
  }

  static void finish(const Arguments& a, int first_row, int rows, int first_column, bool first, bool last,
                     const float* sums) {
    const int columns = std::min(kColumns, a.columns - first_column);
    const bool previous = !first || a.epilogue == Bf16Epilogue::accumulate;
    const bool smooth = last && a.epilogue == Bf16Epilogue::gelu;
    for (int c = 0; c < columns; c += kLanes) {
      const int count = std::min(kLanes, columns - c);
      const Floats bias = first && a.bias != nullptr ? load(a.bias + first_column + c, count) : Floats{};
      for (int row = 0; row < rows; row++) {
        const size_t at = (first_row + row) * a.out_stride + first_column + c;
        Floats value = load(sums + static_cast<size_t>(row) * kColumns + c) + bias;
        if (a.float_out) {
          float* out = static_cast<float*>(a.out) + at;
          value = previous ? value + load(out, count) : value;
          store(out, smooth ? gelu(value) : value, count);
        } else {
          uint16_t* out = static_cast<uint16_t*>(a.out) + at;
          if (previous) {
            Halves before = {};
            std::memcpy(&before, out, count * sizeof(uint16_t));
            value += widen(reinterpret_cast<const uint16_t*>(&before));
          }
          store(out, smooth ? gelu(value) : value, count);
        }
      }
    }
  }
};

}  // namespace
}  // namespace kiln
