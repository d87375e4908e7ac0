#pragma once

#include <cstdint>

#include "bytes.h"
#include "image.h"
#include "tiles.h"

namespace kiln {

/*
 * A window of a file and its destination, both checked to be in range. Borrows the bytes of the file and the target,
 * the tiles and the band numbers.
 */
struct Request {
  /* Throws a Fault (bad request). */
  explicit Request(const kiln_read& read);

  /* Number of tiles that the window touches. */
  uint64_t tile_count() const { return uint64_t{tiles_across} * tiles_down * planes; }

  Bytes file;
  Image image;
  kiln_window window;
  kiln_target target;
  const kiln_tile* tiles;
  uint32_t first_column;
  uint32_t first_row;
  uint32_t tiles_across;
  uint32_t tiles_down;
  /* Bands that have tiles of their own; 1 if interleaved. */
  uint32_t planes;
  /* Whether a line of the target has the layout of a row of a tile. */
  bool straight;

 private:
  void check_window() const;
  void check_target() const;
  bool has_order_of_file() const;
};

}  // namespace kiln
