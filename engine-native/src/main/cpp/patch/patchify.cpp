#include "patchify.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// The loops over a line are simple so that the compiler vectorizes them on every architecture.

namespace kiln {
namespace {

constexpr int patch = KILN_PATCH_SIZE;

/* Standard deviations from the mean beyond which a float is not plausible. */
constexpr float plausible = 100;

/* Pixels per pass: few enough that the intermediate lines stay in the L1 cache. */
constexpr int span = 256;

/* `step` is the distance between pixels in bytes; a compile-time constant unless STEP is 0. */
template <typename T, int STEP>
void read(const uint8_t* from, ptrdiff_t step, int count, float* line) {
  const ptrdiff_t distance = STEP == 0 ? step : STEP;
  for (int i = 0; i < count; i++) {
    T pixel;
    memcpy(&pixel, from + i * distance, sizeof pixel);
    line[i] = float(pixel);
  }
}

template <typename T>
void read(const uint8_t* from, ptrdiff_t step, int count, float* line) {
  constexpr int size = sizeof(T);
  if (step == size) {
    read<T, size>(from, step, count, line);
  } else if (step == 4 * size) {
    read<T, 4 * size>(from, step, count, line);
  } else {
    read<T, 0>(from, step, count, line);
  }
}

void read(const Plane& plane, const uint8_t* from, int count, float* line) {
  switch (plane.type) {
    case KILN_UINT8: return read<uint8_t>(from, plane.pixel_stride, count, line);
    case KILN_UINT16: return read<uint16_t>(from, plane.pixel_stride, count, line);
    case KILN_INT16: return read<int16_t>(from, plane.pixel_stride, count, line);
    case KILN_FLOAT32: return read<float>(from, plane.pixel_stride, count, line);
  }
}

void normalize(const Plane& plane, int radiometric_offset, int count, float* line) {
  if (radiometric_offset != 0) {
    const float offset = float(radiometric_offset);
    for (int i = 0; i < count; i++) {
      float moved = line[i] + offset;
      // Comparisons in this order keep NaN.
      line[i] = line[i] == 0 ? 0 : moved < 1 ? 1 : moved;
    }
  }
  for (int i = 0; i < count; i++) {
    line[i] = (line[i] - plane.mean) / plane.std;
  }
  if (plane.type == KILN_FLOAT32) {
    for (int i = 0; i < count; i++) {
      // NaN fails the comparison.
      line[i] = std::fabs(line[i]) <= plausible ? line[i] : 0;
    }
  }
}

/* Repeats stored pixels; the first `within` columns of the first pixel are left of the line. */
void spread(const float* stored, int repeat, int within, int count, float* line) {
  if (repeat == 2 && within == 0) {
    for (int i = 0; i < count / 2; i++) {
      line[2 * i] = stored[i];
      line[2 * i + 1] = stored[i];
    }
    return;
  }
  for (int i = 0; i < count; i++) {
    line[i] = stored[(within + i) / repeat];
  }
}

void round(const float* line, int count, float* out) { memcpy(out, line, count * sizeof *out); }

void round(const float* line, int count, BFloat16* out) {
  for (int i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, line + i, sizeof bits);
    out[i].bits = uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

/* Writes one normalized line of the grid. */
template <typename T>
void write_line(const Plane& plane, int column, int row, int count, int radiometric_offset, T* out) {
  float stored[span];
  float line[span];
  const int first = column / plane.repeat;
  const int within = column % plane.repeat;
  const int last = (column + count - 1) / plane.repeat;
  const uint8_t* from = plane.first + row / plane.repeat * plane.line_stride + first * plane.pixel_stride;
  read(plane, from, last - first + 1, stored);
  normalize(plane, radiometric_offset, last - first + 1, stored);
  if (plane.repeat == 1) {
    round(stored, count, out);
    return;
  }
  spread(stored, plane.repeat, within, count, line);
  round(line, count, out);
}

}  // namespace

template <typename T>
void write_patch_rows(const Plane* planes, int bands, ChipWindow window, int radiometric_offset, T* rows) {
  const int patches = window.size / patch;
  const ptrdiff_t row_length = ptrdiff_t(bands) * patch * patch;
  T line[span];
  for (int p = 0; p < patches; p++) {
    for (int x = 0; x < window.size; x += span) {
      const int count = std::min(span, window.size - x);
      T* first = rows + (ptrdiff_t(p) * patches + x / patch) * row_length;
      for (int b = 0; b < bands; b++) {
        for (int k = 0; k < patch; k++) {
          const int y = window.row + p * patch + k;
          // A coarser band repeats its previous line in between.
          if (k == 0 || y % planes[b].repeat == 0) {
            write_line(planes[b], window.column + x, y, count, radiometric_offset, line);
          }
          T* to = first + (b * patch + k) * patch;
          for (int i = 0; i < count; i += patch, to += row_length) {
            memcpy(to, line + i, patch * sizeof *to);
          }
        }
      }
    }
  }
}

template void write_patch_rows(const Plane*, int, ChipWindow, int, float*);
template void write_patch_rows(const Plane*, int, ChipWindow, int, BFloat16*);

}  // namespace kiln
