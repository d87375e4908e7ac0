#pragma once

#include <cstdint>

#include "request.h"
#include "scratch.h"

namespace kiln {

/* Reads single tiles of a request. For one thread. */
class TileReader {
 public:
  /* Borrows both. */
  TileReader(const Request& request, Scratch& scratch) : request_(request), image_(request.image), scratch_(scratch) {}

  /*
   * Reads tile `number`, from 0, of the tiles that the window touches. Throws a Fault (corrupt) that
   * names it.
   */
  void read(uint64_t number);

 private:
  /* The part of a tile inside the window. */
  struct Part {
    uint32_t column, row;    // of the tile in the image
    uint32_t plane;          // index among the window's bands, if a tile contains one band
    uint32_t left, top;      // first pixel, within the tile
    uint32_t width, height;  // in pixels
    uint8_t* out;            // destination of the first pixel; null for none
  };

  Part locate(uint64_t number) const;
  void read(const Part& part, const kiln_tile& tile);
  const uint8_t* decode(const kiln_tile& tile);
  void place(const Part& part, const uint8_t* pixels);
  void undo(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out);
  void undo_horizontal(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out);
  void scatter(const uint8_t* pixels, uint32_t width, uint8_t* out) const;
  void fill(const Part& part) const;

  const Request& request_;
  const Image& image_;
  Scratch& scratch_;
};

}  // namespace kiln
