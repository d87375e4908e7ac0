// Matrix products in bfloat16, a template over the block product.
//
// Rows of the input are packed in blocks of 32, [inner / 32][32][32], as many as stay in the second-level cache. Panels
// of weights pass by, 32 columns at a time, half of them (kInnerBlock) in the first-level cache; meanwhile the next are
// fetched into the second. Sums stay in float32 until the epilogue, which follows the last product of each block of
// rows: its vector instructions execute beside the tile instructions of the next block.
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
  // Most cache lines of weights that are fetched per block of rows.
  static constexpr size_t kMostLines = 64;

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
          multiply(a, {first_row, rows, from, inner, first_column, column + 1 == part.columns}, packed, sums);
        }
      }
    }
  }

 private:
  // Rows and inner values of a pass over 32 columns of the output.
  struct Pass {
    int first_row;
    int rows;
    int from;
    int inner;
    int first_column;
    bool last_column;
  };

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

  // sums[rows][32] = the product over the inner values of the pass, then the epilogue.
  static void multiply(const Arguments& a, const Pass& pass, const uint16_t* packed, float* sums) {
    const size_t length = padded(a.inner) * detail::kPanel;  // values of a panel
    const uint16_t* panel =
        a.weights + pass.first_column / detail::kPanel * length + static_cast<size_t>(pass.from) * detail::kPanel;
    const int all = static_cast<int>(padded(pass.inner));
    const int row_blocks = (pass.rows + kRows - 1) / kRows;
    for (int k = 0; k < all; k += kInnerBlock) {
      const int count = std::min(kInnerBlock, all - k);
      const bool last = k + count == all;
      const uint16_t* b0 = panel + static_cast<size_t>(k) * detail::kPanel;
      const uint16_t* next = last ? panel + 2 * length : b0 + kInnerBlock * detail::kPanel;
      const size_t lines = last && pass.last_column ? 0 : std::min(kInnerBlock, last ? all : all - k - count) / 2;
      const size_t share = std::min((lines + row_blocks - 1) / row_blocks, kMostLines);
      for (int block = 0; block < row_blocks; block++) {
        const int row = block * kRows;
        const int rows = std::min(kRows, pass.rows - row);
        const uint16_t* in = packed + static_cast<size_t>(row) * all + static_cast<size_t>(k) * kRows;
        float* out = sums + static_cast<size_t>(row) * kColumns;
        prefetch(next, length, block * share, std::min((block + 1) * share, lines));
        Tiles::product(rows, in, detail::kInnerStep, kRows * detail::kInnerStep, b0, b0 + length,
                       count / detail::kInnerStep, out, kColumns, k > 0);
        if (last) {
          finish(a, pass.first_row + row, rows, pass.first_column, pass.from == 0, pass.from + pass.inner == a.inner,
                 out);
        }
      }
    }
  }

  // Fetches cache lines of two panels, each the weights of two inner values, into the second-level cache.
  static void prefetch(const uint16_t* panel, size_t length, size_t first, size_t end) {
    for (size_t line = first; line < end; line++) {
      __builtin_prefetch(panel + line * 2 * detail::kPanel, 0, 2);
      __builtin_prefetch(panel + length + line * 2 * detail::kPanel, 0, 2);
    }
  }

  static void finish(const Arguments& a, int first_row, int rows, int first_column, bool first, bool last,
                     const float* sums) {
    const int columns = std::min(kColumns, a.columns - first_column);
    const bool previous = !first || a.epilogue == MatmulEpilogue::accumulate;
    const bool smooth = last && a.epilogue == MatmulEpilogue::gelu;
    for (int c = 0; c < columns; c += kLanes) {
      const int count = std::min(kLanes, columns - c);
      const Floats bias = first && a.bias != nullptr ? load(a.bias + first_column + c, count) : Floats{};
      for (int row = 0; row < rows; row++) {
        const size_t at = (first_row + row) * a.out_stride + first_column + c;
        Floats value = load<kLanes>(sums + static_cast<size_t>(row) * kColumns + c) + bias;
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
