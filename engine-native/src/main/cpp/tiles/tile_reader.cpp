#include "tile_reader.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "fault.h"
#include "predictor.h"

namespace kiln {
namespace {

void copy_sample(uint32_t bytes, const uint8_t* in, uint8_t* out) {
  // Constant lengths compile to single moves.
  switch (bytes) {
    case 1: *out = *in; break;
    case 2: memcpy(out, in, 2); break;
    default: memcpy(out, in, 4);
  }
}

/*
 * Each line of a target is in different pages, and translating an address takes as long as writing some hundred bytes:
 * so it starts one line ahead.
 */
void prefetch(const uint8_t* line, size_t bytes) {
  constexpr size_t step = 512;
  for (size_t at = 0; at < bytes; at += step) {
    __builtin_prefetch(line + at, 1);
  }
}

}  // namespace

void TileReader::read(uint64_t number) {
  Part part = locate(number);
  uint64_t tile = uint64_t{part.row} * image_.tiles_across() + part.column;
  int32_t band = 0;
  if (!image_.interleaved) {
    band = request_.window.bands[part.plane];
    tile += uint64_t(band - 1) * image_.tiles_in_plane();
  }
  try {
    read(part, request_.tiles[number]);
  } catch (const Fault& fault) {
    char plane[32] = "";
    if (band > 0 && image_.bands > 1) {
      snprintf(plane, sizeof plane, " of band %d", band);
    }
    throw Fault(fault.status, "tile %" PRIu64 " (column %u, row %u%s): %s", tile, part.column, part.row, plane,
                fault.message);
  }
}

TileReader::Part TileReader::locate(uint64_t number) const {
  const kiln_window& w = request_.window;
  Part part;
  part.column = request_.first_column + number % request_.tiles_across;
  part.row = request_.first_row + number / request_.tiles_across % request_.tiles_down;
  part.plane = number / request_.tiles_across / request_.tiles_down;
  uint32_t x = part.column * image_.tile_width;
  uint32_t y = part.row * image_.tile_height;
  uint32_t left = std::max<uint32_t>(x, w.x);
  uint32_t top = std::max<uint32_t>(y, w.y);
  part.left = left - x;
  part.top = top - y;
  part.width = std::min<uint64_t>(uint64_t{x} + image_.tile_width, w.x + w.width) - left;
  part.height = std::min<uint64_t>(uint64_t{y} + image_.tile_height, w.y + w.height) - top;
  part.out = nullptr;
  if (request_.target.bytes != nullptr) {
    const kiln_target& t = request_.target;
    part.out =
        t.bytes + t.offset + part.plane * t.band_stride + (top - w.y) * t.line_stride + (left - w.x) * t.pixel_stride;
  }
  return part;
}

void TileReader::read(const Part& part, const kiln_tile& tile) {
  // As in GDAL, a tile of zero bytes is omitted, whatever its offset.
  const uint8_t* pixels = tile.size == 0 ? nullptr : decode(tile);
  if (part.out == nullptr) {
    return;
  }
  if (pixels == nullptr) {
    fill(part);
  } else {
    place(part, pixels);
  }
}

/* Returns the decompressed tile: a part of the file itself if it is not compressed. */
const uint8_t* TileReader::decode(const kiln_tile& tile) {
  const uint8_t* coded = request_.file.range(tile.offset, tile.size);
  if (coded == nullptr) {
    throw Fault(KILN_CORRUPT, "expected %" PRIu64 " bytes at byte %" PRIu64 ", found end of file at %" PRIu64,
                tile.size, tile.offset, request_.file.size());
  }
  if (image_.compression == KILN_UNCOMPRESSED) {
    if (tile.size < image_.tile_bytes()) {
      throw Fault(KILN_CORRUPT, "expected %" PRIu64 " bytes, found %" PRIu64, image_.tile_bytes(), tile.size);
    }
    return coded;
  }
  uint8_t* pixels = scratch_.tile.of(image_.tile_bytes());
  scratch_.codec.decode(image_.compression, coded, tile.size, pixels, image_.tile_bytes());
  return pixels;
}

void TileReader::place(const Part& part, const uint8_t* pixels) {
  for (uint32_t y = 0; y < part.height; y++) {
    const uint8_t* row = pixels + uint64_t{part.top + y} * image_.row_bytes();
    uint8_t* out = part.out + y * request_.target.line_stride;
    if (request_.straight) {
      if (y + 1 < part.height) {
        prefetch(out + request_.target.line_stride, size_t{part.width} * image_.pixel_bytes());
      }
      undo(row, part.left, part.width, out);
    } else {
      uint8_t* samples = scratch_.samples.of(image_.row_bytes());
      undo(row, part.left, part.width, samples);
      scatter(samples, part.width, out);
    }
  }
}

/* Converts `width` pixels from pixel `left` of a decompressed row to samples in host byte order. */
void TileReader::undo(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out) {
  size_t samples = image_.samples();
  size_t skipped = size_t{left} * image_.pixel_bytes();
  switch (image_.predictor) {
    case KILN_NO_PREDICTOR:
      if (image_.swapped) {
        swap_bytes(image_.sample_bytes, row + skipped, out, width * samples);
      } else {
        memcpy(out, row + skipped, size_t{width} * image_.pixel_bytes());
      }
      break;
    case KILN_HORIZONTAL: undo_horizontal(row, left, width, out); break;
    case KILN_FLOATING_POINT:
      // The sums run over all bytes of the row, across the byte planes.
      uint8_t* summed = scratch_.summed.of(image_.row_bytes());
      accumulate(1, samples, row, summed, image_.row_bytes());
      gather_bytes(summed, image_.tile_width * samples, left * samples, width * samples, out);
      break;
  }
}

void TileReader::undo_horizontal(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out) {
  // A sample is the sum of all samples before it in the row, including unwanted ones.
  size_t samples = size_t{left + width} * image_.samples();
  if (image_.swapped) {
    uint8_t* ordered = scratch_.ordered.of(image_.row_bytes());
    swap_bytes(image_.sample_bytes, row, ordered, samples);
    row = ordered;
  }
  if (left == 0) {
    accumulate(image_.sample_bytes, image_.samples(), row, out, samples);
  } else {
    uint8_t* summed = scratch_.summed.of(image_.row_bytes());
    accumulate(image_.sample_bytes, image_.samples(), row, summed, samples);
    memcpy(out, summed + size_t{left} * image_.pixel_bytes(), size_t{width} * image_.pixel_bytes());
  }
}

/* Copies the wanted bands out of interleaved pixels. */
void TileReader::scatter(const uint8_t* pixels, uint32_t width, uint8_t* out) const {
  uint32_t bands = image_.interleaved ? request_.window.band_count : 1;
  for (uint32_t k = 0; k < bands; k++) {
    uint32_t band = image_.interleaved ? request_.window.bands[k] - 1 : 0;
    const uint8_t* in = pixels + size_t{band} * image_.sample_bytes;
    for (uint32_t x = 0; x < width; x++) {
      copy_sample(image_.sample_bytes, in + size_t{x} * image_.pixel_bytes(),
                  out + k * request_.target.band_stride + x * request_.target.pixel_stride);
    }
  }
}

void TileReader::fill(const Part& part) const {
  const kiln_target& t = request_.target;
  uint8_t sample[4];
  for (uint32_t b = 0; b < image_.sample_bytes; b++) {
    uint32_t place = host_is_big_endian ? image_.sample_bytes - 1 - b : b;
    sample[b] = uint8_t(t.fill >> (8 * place));
  }
  uint32_t bands = image_.interleaved ? request_.window.band_count : 1;
  for (uint32_t k = 0; k < bands; k++) {
    for (uint32_t y = 0; y < part.height; y++) {
      uint8_t* line = part.out + k * t.band_stride + y * t.line_stride;
      for (uint32_t x = 0; x < part.width; x++) {
        copy_sample(image_.sample_bytes, sample, line + x * t.pixel_stride);
      }
    }
  }
}

}  // namespace kiln
