#pragma once

#include <cstddef>
#include <cstdint>

namespace kiln {

enum class PixelType { UINT8, UINT16, INT16, FLOAT32 };

/*
 * One band's raw pixels, in host byte order, and what normalises them. Pixel (x, y) of the plane
 * lies at `first + y * line_stride + x * pixel_stride` and covers `repeat` grid pixels in each
 * direction. Nothing needs alignment.
 */
struct Plane {
  const uint8_t* first;
  PixelType type;
  ptrdiff_t pixel_stride;
  ptrdiff_t line_stride;
  int repeat;
  float mean;
  float std;
};

/* Where a chip lies on the grid that the planes share, in pixels. */
struct ChipWindow {
  int column;
  int row;
  int edge;  // a multiple of 8
};

/* A float32's upper half, rounded to the nearest, ties to even. */
struct BFloat16 {
  uint16_t bits;
};

/*
 * Writes a chip as [L, C * 64] rows; what is in them is said at dev.kiln.infer.Patchify, to which
 * this agrees bit by bit. T is float or BFloat16.
 */
template <typename T>
void write_patch_rows(const Plane* planes, int bands, ChipWindow window, int radiometric_offset,
                      T* rows);

}  // namespace kiln
