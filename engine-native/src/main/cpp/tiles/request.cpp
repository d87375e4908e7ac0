#include "request.h"

#include <cinttypes>

#include "fault.h"

namespace kiln {
namespace {

/* Adds `steps` * `stride` to `last`; returns false if that is negative or overflows. */
bool reach(uint64_t& last, int64_t steps, int64_t stride) {
  uint64_t length = 0;
  return stride >= 0 && !__builtin_mul_overflow(uint64_t(steps), uint64_t(stride), &length) &&
         !__builtin_add_overflow(last, length, &last);
}

/* Number of tiles from index `first` to the one that contains the last of `length` pixels from `start`. */
uint32_t tiles_to(uint32_t first, int32_t start, int32_t length, uint32_t tile) {
  return (uint32_t(start) + uint32_t(length) - 1) / tile - first + 1;
}

}  // namespace

Request::Request(const kiln_read& read)
    : file(read.file, read.size), image(read.image), window(read.window), target(read.target), tiles(read.tiles) {
  check_window();
  check_target();
  first_column = window.x / image.tile_width;
  first_row = window.y / image.tile_height;
  tiles_across = tiles_to(first_column, window.x, window.width, image.tile_width);
  tiles_down = tiles_to(first_row, window.y, window.height, image.tile_height);
  planes = image.interleaved ? 1 : window.band_count;
  straight = has_order_of_file();
  if (read.tile_count != tile_count()) {
    throw Fault(KILN_BAD_REQUEST, "expected %" PRIu64 " tiles, found %" PRIu64, tile_count(), read.tile_count);
  }
}

void Request::check_window() const {
  const kiln_window& w = window;
  if (w.x < 0 || w.y < 0 || w.width < 1 || w.height < 1 || int64_t{w.x} + w.width > image.width ||
      int64_t{w.y} + w.height > image.height) {
    throw Fault(KILN_BAD_REQUEST, "window of %d x %d pixels from column %d, row %d of an image of %u x %u", w.width,
                w.height, w.x, w.y, image.width, image.height);
  }
  if (w.band_count < 1 || uint32_t(w.band_count) > image.bands) {
    throw Fault(KILN_BAD_REQUEST, "%d bands of %u", w.band_count, image.bands);
  }
  for (int32_t k = 0; k < w.band_count; k++) {
    if (w.bands[k] < 1 || uint32_t(w.bands[k]) > image.bands) {
      throw Fault(KILN_BAD_REQUEST, "band %d of %u", w.bands[k], image.bands);
    }
  }
}

void Request::check_target() const {
  if (target.bytes == nullptr) {
    return;
  }
  uint64_t end = target.offset;
  if (target.offset < 0 || !reach(end, window.band_count - 1, target.band_stride) ||
      !reach(end, window.height - 1, target.line_stride) || !reach(end, window.width - 1, target.pixel_stride) ||
      !reach(end, 1, image.sample_bytes) || end > target.size) {
    throw Fault(KILN_BAD_REQUEST, "pixels outside a target of %" PRIu64 " bytes", target.size);
  }
}

bool Request::has_order_of_file() const {
  if (target.pixel_stride != image.pixel_bytes()) {
    return false;
  }
  if (!image.interleaved) {
    return true;
  }
  if (uint32_t(window.band_count) != image.bands || target.band_stride != image.sample_bytes) {
    return false;
  }
  for (int32_t k = 0; k < window.band_count; k++) {
    if (window.bands[k] != k + 1) {
      return false;
    }
  }
  return true;
}

}  // namespace kiln
