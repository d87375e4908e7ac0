// Block products in portable code that give the values of the instructions: order of the pairs, and subnormal values
// replaced by 0. The products of two bfloat16 values are exact in float32, so no fused multiply-add is needed.
#pragma once

#include "bf16.h"

namespace kiln {
namespace {

// In the order of TDPBF16PS if `Amx`: even and odd products of 16 pairs apart, then both to the sum. Otherwise in that
// of VDPBF16PS: the odd product, then the even one, of each pair.
template <bool Amx>
struct EmulatedTiles {
  static void begin() {}
  static void end() {}

  // As AmxTiles::product.
  static void product(int rows, const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0,
                      const uint16_t* b1, int steps, float* c, size_t c_stride, bool accumulate) {
    for (int r = 0; r < rows; r++, a += a_stride, c += c_stride) {
      panel(a, a_step, b0, steps, c, accumulate);
      panel(a, a_step, b1, steps, c + 16, accumulate);
    }
  }

 private:
  static float value(uint32_t bits) {
    float result;
    __builtin_memcpy(&result, &bits, sizeof(result));
    return flush(result);
  }

  static float flush(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    return (bits & 0x7f800000) == 0 ? 0 : x;
  }

  static void panel(const uint16_t* a, size_t a_step, const uint16_t* b, int steps, float* c, bool accumulate) {
    float sum[16];
    for (int n = 0; n < 16; n++) {
      sum[n] = accumulate ? flush(c[n]) : 0;
    }
    for (int s = 0; s < steps; s++, a += a_step) {
      float even[16] = {};
      float odd[16] = {};
      for (int k = 0; k < 16; k++, b += 32) {
        const float a0 = value(static_cast<uint32_t>(a[2 * k]) << 16);
        const float a1 = value(static_cast<uint32_t>(a[2 * k + 1]) << 16);
        for (int n = 0; n < 16; n++) {
          const float b0 = value(static_cast<uint32_t>(b[2 * n]) << 16);
          const float b1 = value(static_cast<uint32_t>(b[2 * n + 1]) << 16);
          if (Amx) {
            even[n] = flush(even[n] + a0 * b0);
            odd[n] = flush(odd[n] + a1 * b1);
          } else {
            sum[n] = flush(sum[n] + a1 * b1);
            sum[n] = flush(sum[n] + a0 * b0);
          }
        }
      }
      if (Amx) {
        for (int n = 0; n < 16; n++) {
          sum[n] = flush(sum[n] + flush(even[n] + odd[n]));
        }
      }
    }
    for (int n = 0; n < 16; n++) {
      c[n] = sum[n];
    }
  }
};

}  // namespace
}  // namespace kiln
