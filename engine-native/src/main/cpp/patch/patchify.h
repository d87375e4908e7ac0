#pragma once

#include <cstddef>
#include <cstdint>

#include "kiln_types.h"

namespace kiln {

/*
 * One band's raw pixels, in host byte order, and the statistics that normalize them. Pixel (x, y) of
 * the plane is at `first + y * line_stride + x * pixel_stride` and covers `repeat` grid pixels in each
 * direction. Nothing needs to be aligned.
 */
struct Plane {
  const uint8_t* first;
  kiln_pixel_type type;
  ptrdiff_t pixel_stride;  // bytes
  ptrdiff_t line_stride;   // bytes
  int repeat;
  float mean;
  float std;
};

/* Position of a chip on the grid that the planes share, in pixels. */
struct ChipWindow {
  int column;
  int row;
  int size;  // a multiple of KILN_PATCH_SIZE
};

/* The upper half of a float32, rounded to nearest, ties to even. */
struct BFloat16 {
  uint16_t bits;
};

/*
 * Writes a chip as patch rows [L, C * 64]. dev.kiln.infer.Patchify defines the contents; float rows
 * agree with it bit by bit. T is float or BFloat16.
 */
template <typename T>
void write_patch_rows(const Plane* planes, int bands, ChipWindow window, int radiometric_offset, T* rows);

}  // namespace kiln
