// Block products with AMX: 2 × 2 tiles of output, 16 rows by 16 columns each. Compile with -mamx-tile -mamx-bf16.
#pragma once

#include <immintrin.h>

#include "bf16.h"

namespace kiln {
namespace {

struct AmxTiles {
  // Eight tiles of 16 rows by 64 bytes.
  static void begin() {
    struct alignas(64) {
      uint8_t palette = 1;
      uint8_t start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    static_assert(sizeof(config) == 64, "layout of LDTILECFG");
    asm volatile("" ::"m"(config) : "memory");
    _tile_loadconfig(&config);
  }

  static void end() { _tile_release(); }

  // c[32][32] = a · b, plus c if `accumulate`; only the first `rows` rows are needed. Row r of `a` in step s begins at
  // a + r · a_stride + s · a_step and has 32 values. The panels b0 and b1 have 16 columns each, [16 · steps][16][2].
  static void product(int rows, const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0,
                      const uint16_t* b1, int steps, float* c, size_t c_stride, bool accumulate) {
    // GCC's tile loads do not tell the compiler that they read memory.
    asm volatile("" ::: "memory");
    if (rows > detail::kPanel) {
      both(a, a_stride, a_step, b0, b1, steps, c, c_stride, accumulate);
    } else {
      upper(a, a_stride, a_step, b0, b1, steps, c, c_stride, accumulate);
    }
    asm volatile("" ::: "memory");
  }

 private:
  static constexpr size_t kTile = 16 * 32;  // values of a tile of the panels

  static void both(const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0, const uint16_t* b1, int steps,
                   float* c, size_t c_stride, bool accumulate) {
    const size_t c_bytes = c_stride * sizeof(float);
    const size_t a_bytes = a_stride * sizeof(uint16_t);
    float* lower = c + 16 * c_stride;
    if (accumulate) {
      _tile_loadd(0, c, c_bytes);
      _tile_loadd(1, c + 16, c_bytes);
      _tile_loadd(2, lower, c_bytes);
      _tile_loadd(3, lower + 16, c_bytes);
    } else {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
    }
    for (int s = 0; s < steps; s++) {
      _tile_loadd(6, b0 + s * kTile, 64);
      _tile_loadd(4, a + s * a_step, a_bytes);
      _tile_loadd(7, b1 + s * kTile, 64);
      _tile_loadd(5, a + s * a_step + 16 * a_stride, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, c_bytes);
    _tile_stored(1, c + 16, c_bytes);
    _tile_stored(2, lower, c_bytes);
    _tile_stored(3, lower + 16, c_bytes);
  }

  static void upper(const uint16_t* a, size_t a_stride, size_t a_step, const uint16_t* b0, const uint16_t* b1,
                    int steps, float* c, size_t c_stride, bool accumulate) {
    const size_t c_bytes = c_stride * sizeof(float);
    const size_t a_bytes = a_stride * sizeof(uint16_t);
    if (accumulate) {
      _tile_loadd(0, c, c_bytes);
      _tile_loadd(1, c + 16, c_bytes);
    } else {
      _tile_zero(0);
      _tile_zero(1);
    }
    for (int s = 0; s < steps; s++) {
      _tile_loadd(4, a + s * a_step, a_bytes);
      _tile_loadd(6, b0 + s * kTile, 64);
      _tile_loadd(7, b1 + s * kTile, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
    }
    _tile_stored(0, c, c_bytes);
    _tile_stored(1, c + 16, c_bytes);
  }
};

}  // namespace
}  // namespace kiln
