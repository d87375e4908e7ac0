// LayerNorm of float32 rows.
#pragma once

#include <algorithm>
#include <cmath>

#include "bf16.h"
#include "lanes.h"

namespace kiln {
namespace {

inline void bf16_norm_rows(const Bf16NormArguments& a, int first_row, int rows) {
  for (int row = first_row; row < first_row + rows; row++) {
    const float* in = a.in + static_cast<size_t>(row) * a.size;
    Floats total = {};
    for (int i = 0; i < a.size; i += kLanes) {
      total += load(in + i, std::min(kLanes, a.size - i));
    }
    const float mean = sum(total) / a.size;
    Floats squares = {};
    for (int i = 0; i < a.size; i += kLanes) {
      const int count = std::min(kLanes, a.size - i);
      const Floats difference = load(in + i, count) - mean;
      const Floats square = difference * difference;
      squares += load(reinterpret_cast<const float*>(&square), count);
    }
    const float scale = 1 / std::sqrt(sum(squares) / a.size + a.epsilon);
    for (int i = 0; i < a.size; i += kLanes) {
      const int count = std::min(kLanes, a.size - i);
      const Floats value = (load(in + i, count) - mean) * scale * load(a.scale + i, count) + load(a.shift + i, count);
      const size_t at = static_cast<size_t>(row) * a.size + i;
      if (a.float_out) {
        store(static_cast<float*>(a.out) + at, value, count);
      } else {
        store(static_cast<uint16_t*>(a.out) + at, value, count);
      }
    }
  }
}

}  // namespace
}  // namespace kiln
