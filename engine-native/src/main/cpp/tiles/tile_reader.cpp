#include "tile_reader.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "fault.h"
#include "predictor.h"

namespace kiln {
namespace {

uint32_t tiles_between(uint32_t first, int32_t start, int32_t length, uint32_t tile) {
  return (uint32_t(start) + uint32_t(length) - 1) / tile - first + 1;
}

/* `last` + `steps` * `stride`, or false if that is negative or too large to say. */
bool reach(uint64_t& last, int64_t steps, int64_t stride) {
  uint64_t length = 0;
  return stride >= 0 && !__builtin_mul_overflow(uint64_t(steps), uint64_t(stride), &length) &&
         !__builtin_add_overflow(last, length, &last);
}

void copy_sample(uint32_t bytes, const uint8_t* in, uint8_t* out) {
  // Constant lengths become single moves.
  switch (bytes) {
    case 1:
      *out = *in;
      break;
    case 2:
      memcpy(out, in, 2);
      break;
    default:
      memcpy(out, in, 4);
  }
}

}  // namespace

Request::Request(const Bytes& file, const Directory& directory, const kiln_window& window,
                 const kiln_target& target)
    : file_(file), directory_(directory), window_(window), target_(target) {
  check_window();
  check_target();
  first_column_ = window.x / directory.tile_width;
  first_row_ = window.y / directory.tile_height;
  tiles_across_ = tiles_between(first_column_, window.x, window.width, directory.tile_width);
  tiles_down_ = tiles_between(first_row_, window.y, window.height, directory.tile_height);
  planes_ = directory.interleaved ? 1 : window.band_count;
  straight_ = has_order_of_file();
}

void Request::check_window() const {
  const kiln_window& w = window_;
  if (w.x < 0 || w.y < 0 || w.width < 1 || w.height < 1 ||
      int64_t{w.x} + w.width > directory_.width || int64_t{w.y} + w.height > directory_.height) {
    throw Fault(KILN_BAD_REQUEST,
                "window of %d x %d pixels from column %d, row %d of an image of %u x %u", w.width,
                w.height, w.x, w.y, directory_.width, directory_.height);
  }
  if (w.band_count < 1 || uint32_t(w.band_count) > directory_.bands) {
    throw Fault(KILN_BAD_REQUEST, "%d bands of %u", w.band_count, directory_.bands);
  }
  for (int32_t k = 0; k < w.band_count; k++) {
    if (w.bands[k] < 1 || uint32_t(w.bands[k]) > directory_.bands) {
      throw Fault(KILN_BAD_REQUEST, "band %d of %u", w.bands[k], directory_.bands);
    }
  }
}

void Request::check_target() const {
  if (target_.bytes == nullptr) {
    return;
  }
  uint64_t end = target_.offset;
  if (target_.offset < 0 || !reach(end, window_.band_count - 1, target_.band_stride) ||
      !reach(end, window_.height - 1, target_.line_stride) ||
      !reach(end, window_.width - 1, target_.pixel_stride) ||
      !reach(end, 1, directory_.sample_bytes) || end > target_.size) {
    throw Fault(KILN_BAD_REQUEST, "pixels outside a target of %" PRIu64 " bytes", target_.size);
  }
}

bool Request::has_order_of_file() const {
  if (target_.pixel_stride != directory_.pixel_bytes()) {
    return false;
  }
  if (!directory_.interleaved) {
    return true;
  }
  if (uint32_t(window_.band_count) != directory_.bands ||
      target_.band_stride != directory_.sample_bytes) {
    return false;
  }
  for (int32_t k = 0; k < window_.band_count; k++) {
    if (window_.bands[k] != k + 1) {
      return false;
    }
  }
  return true;
}

TileReader::TileReader(const Request& request)
    : r_(request),
      d_(request.directory_),
      tile_(d_.compression == Compression::none ? nullptr : new uint8_t[d_.tile_bytes()]),
      row_(new uint8_t[d_.row_bytes()]),
      samples_(new uint8_t[d_.row_bytes()]) {}

void TileReader::read(uint64_t number) {
  Part part = locate(number);
  uint64_t tile = uint64_t{part.row} * d_.tiles_across() + part.column;
  int32_t band = 0;
  if (!d_.interleaved) {
    band = r_.window_.bands[part.plane];
    tile += uint64_t(band - 1) * d_.tiles_in_plane();
  }
  try {
    read(part, tile);
  } catch (const Fault& fault) {
    char plane[32] = "";
    if (band > 0 && d_.bands > 1) {
      snprintf(plane, sizeof plane, " of band %d", band);
    }
    throw Fault(fault.status, "tile %" PRIu64 " (column %u, row %u%s): %s", tile, part.column,
                part.row, plane, fault.message);
  }
}

TileReader::Part TileReader::locate(uint64_t number) const {
  const kiln_window& w = r_.window_;
  Part part;
  part.column = r_.first_column_ + number % r_.tiles_across_;
  part.row = r_.first_row_ + number / r_.tiles_across_ % r_.tiles_down_;
  part.plane = number / r_.tiles_across_ / r_.tiles_down_;
  uint32_t x = part.column * d_.tile_width;
  uint32_t y = part.row * d_.tile_height;
  uint32_t left = std::max<uint32_t>(x, w.x);
  uint32_t top = std::max<uint32_t>(y, w.y);
  part.left = left - x;
  part.top = top - y;
  part.width = std::min<uint64_t>(uint64_t{x} + d_.tile_width, w.x + w.width) - left;
  part.height = std::min<uint64_t>(uint64_t{y} + d_.tile_height, w.y + w.height) - top;
  const kiln_target& t = r_.target_;
  part.out = nullptr;
  if (t.bytes != nullptr) {
    part.out = t.bytes + t.offset + part.plane * t.band_stride + (top - w.y) * t.line_stride +
               (left - w.x) * t.pixel_stride;
  }
  return part;
}

void TileReader::read(const Part& part, uint64_t tile) {
  auto at = d_.offsets.number(r_.file_, tile);
  auto coded_size = d_.byte_counts.number(r_.file_, tile);
  if (!at || !coded_size) {
    throw Fault(KILN_CORRUPT, "its offset or byte count lies outside the file");
  }
  const uint8_t* pixels = *coded_size == 0 ? nullptr : decode(*at, *coded_size);
  if (part.out == nullptr) {
    return;
  }
  if (pixels == nullptr) {
    fill(part);
  } else {
    place(part, pixels);
  }
}

/* The decompressed tile: in the file itself if it is not compressed. */
const uint8_t* TileReader::decode(uint64_t at, uint64_t coded_size) {
  const uint8_t* coded = r_.file_.range(at, coded_size);
  if (coded == nullptr) {
    throw Fault(KILN_CORRUPT,
                "%" PRIu64 " bytes expected at byte %" PRIu64 ", found the file to end at %" PRIu64,
                coded_size, at, r_.file_.size());
  }
  if (d_.compression != Compression::none) {
    codec_.decode(d_.compression, coded, coded_size, tile_.get(), d_.tile_bytes());
    return tile_.get();
  }
  if (coded_size < d_.tile_bytes()) {
    throw Fault(KILN_CORRUPT, "%" PRIu64 " bytes expected, found %" PRIu64, d_.tile_bytes(),
                coded_size);
  }
  return coded;
}

void TileReader::place(const Part& part, const uint8_t* pixels) {
  for (uint32_t y = 0; y < part.height; y++) {
    const uint8_t* row = pixels + uint64_t{part.top + y} * d_.row_bytes();
    uint8_t* out = part.out + y * r_.target_.line_stride;
    if (r_.straight_) {
      undo(row, part.left, part.width, out);
    } else {
      undo(row, part.left, part.width, samples_.get());
      scatter(samples_.get(), part.width, out);
    }
  }
}

/* Turns `width` pixels from pixel `left` of a decompressed row into samples of the host. */
void TileReader::undo(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out) {
  uint32_t samples = d_.samples();
  size_t skipped = size_t{left} * d_.pixel_bytes();
  size_t bytes = size_t{width} * d_.pixel_bytes();
  if (d_.predictor == Predictor::floating_point) {
    // Sums run over the whole row, byte by byte, across the planes of bytes.
    accumulate(1, samples, row, row_.get(), d_.row_bytes());
    gather_bytes(row_.get(), size_t{d_.tile_width} * samples, size_t{left} * samples,
                 size_t{width} * samples, out);
  } else if (d_.predictor == Predictor::none) {
    if (d_.swapped) {
      swap_bytes(d_.sample_bytes, row + skipped, out, size_t{width} * samples);
    } else {
      memcpy(out, row + skipped, bytes);
    }
  } else {
    size_t summed = size_t{left + width} * samples;
    if (d_.swapped) {
      swap_bytes(d_.sample_bytes, row, row_.get(), summed);
      row = row_.get();
    }
    if (left == 0) {
      accumulate(d_.sample_bytes, samples, row, out, summed);
    } else {
      accumulate(d_.sample_bytes, samples, row, row_.get(), summed);
      memcpy(out, row_.get() + skipped, bytes);
    }
  }
}

/* Takes the wanted bands from pixels that hold all bands of a tile. */
void TileReader::scatter(const uint8_t* pixels, uint32_t width, uint8_t* out) const {
  const kiln_target& t = r_.target_;
  uint32_t bands = d_.interleaved ? r_.window_.band_count : 1;
  for (uint32_t k = 0; k < bands; k++) {
    const uint8_t* in = pixels;
    if (d_.interleaved) {
      in += size_t(r_.window_.bands[k] - 1) * d_.sample_bytes;
    }
    for (uint32_t x = 0; x < width; x++) {
      copy_sample(d_.sample_bytes, in + size_t{x} * d_.pixel_bytes(),
                  out + k * t.band_stride + x * t.pixel_stride);
    }
  }
}

void TileReader::fill(const Part& part) const {
  const kiln_target& t = r_.target_;
  uint8_t sample[4];
  for (uint32_t b = 0; b < d_.sample_bytes; b++) {
    uint32_t place = host_is_big_endian ? d_.sample_bytes - 1 - b : b;
    sample[b] = uint8_t(t.fill >> (8 * place));
  }
  int32_t bands = d_.interleaved ? r_.window_.band_count : 1;
  for (int32_t k = 0; k < bands; k++) {
    for (uint32_t y = 0; y < part.height; y++) {
      uint8_t* out = part.out + k * t.band_stride + y * t.line_stride;
      for (uint32_t x = 0; x < part.width; x++) {
        copy_sample(d_.sample_bytes, sample, out + x * t.pixel_stride);
      }
    }
  }
}

}  // namespace kiln
