#pragma once

#include <cstdint>

#include "bytes.h"
#include "directory.h"
#include "tiles.h"

namespace kiln {

/*
 * A window of a file and where it goes, each inside of what it must be inside of. Borrows the file's
 * and the target's bytes and the band numbers.
 */
struct Request {
  /* Throws a Fault: unsupported, or a bad request if something lies outside. */
  explicit Request(const kiln_read& read);

  /* Tiles that the window touches. */
  uint64_t tiles() const { return uint64_t{tiles_across} * tiles_down * planes; }

  Bytes file;
  Directory directory;
  kiln_window window;
  kiln_target target;
  uint32_t first_column;
  uint32_t first_row;
  uint32_t tiles_across;
  uint32_t tiles_down;
  /* One for each band that lies in tiles of its own. */
  uint32_t planes;
  /* Whether a line of the target holds what a row of a tile does, in that order. */
  bool straight;

 private:
  void check_window() const;
  void check_target() const;
  bool has_order_of_file() const;
};

}  // namespace kiln
