#pragma once

#include <cstdint>
#include <memory>

#include "bytes.h"
#include "codec.h"
#include "directory.h"

namespace kiln {

/* A window of an image and where it goes; each fits into the other and into its memory. */
class Request {
 public:
  /* Borrows all. Throws a Fault (bad request) if something lies outside. */
  Request(const Bytes& file, const Directory& directory, const kiln_window& window,
          const kiln_target& target);

  /* Tiles that the window touches. */
  uint64_t tiles() const { return uint64_t{tiles_across_} * tiles_down_ * planes_; }

 private:
  friend class TileReader;

  void check_window() const;
  void check_target() const;
  bool has_order_of_file() const;

  const Bytes& file_;
  const Directory& directory_;
  const kiln_window& window_;
  const kiln_target& target_;
  uint32_t first_column_ = 0;
  uint32_t first_row_ = 0;
  uint32_t tiles_across_ = 0;
  uint32_t tiles_down_ = 0;
  /* One for each band that lies in tiles of its own. */
  uint32_t planes_ = 0;
  /* Whether a line of the target holds what a row of a tile does, in that order. */
  bool straight_ = false;
};

/* Reads tiles of a request, one after the other. One thread's. */
class TileReader {
 public:
  explicit TileReader(const Request& request);

  /*
   * Reads tile `number`, from 0, of those that the window touches. Throws a Fault (corrupt) that
   * names it.
   */
  void read(uint64_t number);

 private:
  /* The part of a tile that the window wants. */
  struct Part {
    uint32_t column, row;    // of the tile in the image
    uint32_t plane;          // which of the window's bands, if the tile holds one band
    uint32_t left, top;      // first pixel, within the tile
    uint32_t width, height;  // in pixels
    uint8_t* out;            // where the first pixel goes; null if nowhere
  };

  Part locate(uint64_t number) const;
  void read(const Part& part, uint64_t tile);
  const uint8_t* decode(uint64_t at, uint64_t coded_size);
  void place(const Part& part, const uint8_t* pixels);
  void undo(const uint8_t* row, uint32_t left, uint32_t width, uint8_t* out);
  void scatter(const uint8_t* pixels, uint32_t width, uint8_t* out) const;
  void fill(const Part& part) const;

  const Request& r_;
  const Directory& d_;
  Codec codec_;
  std::unique_ptr<uint8_t[]> tile_;
  std::unique_ptr<uint8_t[]> row_;      // between two steps of undoing a predictor
  std::unique_ptr<uint8_t[]> samples_;  // of a row, before they are scattered
};

}  // namespace kiln
