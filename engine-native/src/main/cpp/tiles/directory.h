#pragma once

#include <cstdint>

#include "bytes.h"
#include "tiles.h"

namespace kiln {

enum class Compression { none, deflate, zstd };

enum class Predictor { none, horizontal, floating_point };

/* Numbers that lie in a row, all inside the file, such as the tiles' offsets. */
struct NumberArray {
  uint64_t at = 0;
  uint64_t count = 0;
  unsigned width = 0;

  uint64_t number(const Bytes& file, uint64_t index) const { return *file.number(at + index * width, width); }
};

/*
 * What the first directory of a TIFF says of its tiles. Every value was checked: sizes are at least
 * 1, a tile has at most max_tile_bytes, and the arrays have an element for every tile.
 */
struct Directory {
  static constexpr uint64_t max_tile_bytes = 64 << 20;

  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t bands = 0;
  kiln_pixel_type pixel_type = KILN_UINT8;
  uint32_t sample_bytes = 0;
  uint32_t tile_width = 0;
  uint32_t tile_height = 0;
  bool interleaved = false;
  bool swapped = false;
  Compression compression = Compression::none;
  Predictor predictor = Predictor::none;
  NumberArray offsets;
  NumberArray byte_counts;

  uint32_t tiles_across() const { return (width - 1) / tile_width + 1; }
  uint32_t tiles_down() const { return (height - 1) / tile_height + 1; }
  /* Tiles that hold one band, or all if they are interleaved. */
  uint64_t tiles_in_plane() const { return uint64_t{tiles_across()} * tiles_down(); }
  /* Samples that a pixel has in one tile. */
  uint32_t samples() const { return interleaved ? bands : 1; }
  uint32_t pixel_bytes() const { return samples() * sample_bytes; }
  uint32_t row_bytes() const { return tile_width * pixel_bytes(); }
  uint64_t tile_bytes() const { return uint64_t{row_bytes()} * tile_height; }
};

/*
 * Reads the header and the first directory. Throws a Fault (unsupported) for what is not known or
 * does not fit together.
 */
Directory read_directory(Bytes& file);

}  // namespace kiln
