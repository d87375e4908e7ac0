#pragma once

#include <cstdint>

#include "tiles.h"

namespace kiln {

/* A checked image: sizes are at least 1, codes are known, and a tile has at most KILN_MAX_TILE_BYTES. */
struct Image {
  /* Throws a Fault (bad request). */
  explicit Image(const kiln_image& image);

  uint32_t width;
  uint32_t height;
  uint32_t bands;
  uint32_t sample_bytes;
  uint32_t tile_width;
  uint32_t tile_height;
  bool interleaved;
  /* Whether samples are not in host byte order. */
  bool swapped;
  kiln_compression compression;
  kiln_predictor predictor;

  uint32_t tiles_across() const { return (width - 1) / tile_width + 1; }
  uint32_t tiles_down() const { return (height - 1) / tile_height + 1; }
  /* Tiles of one band, or of all bands if they are interleaved. */
  uint64_t tiles_in_plane() const { return uint64_t{tiles_across()} * tiles_down(); }
  /* Samples of a pixel in one tile. */
  uint32_t samples() const { return interleaved ? bands : 1; }
  uint32_t pixel_bytes() const { return samples() * sample_bytes; }
  uint32_t row_bytes() const { return tile_width * pixel_bytes(); }
  uint64_t tile_bytes() const { return uint64_t{row_bytes()} * tile_height; }
};

}  // namespace kiln
