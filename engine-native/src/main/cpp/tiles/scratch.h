#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "codec.h"

namespace kiln {

/* Memory that grows to the largest requested size; growing discards the contents. */
class Buffer {
 public:
  uint8_t* of(size_t size) {
    if (size > size_) {
      bytes_.reset();  // first, so that old and new never coexist
      bytes_.reset(new uint8_t[size]);
      size_ = size;
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

/* One thread's state for decoding tile after tile. */
struct Scratch {
  Codec codec;
  Buffer tile;
  // Intermediate rows of a tile.
  Buffer ordered;
  Buffer summed;
  Buffer samples;
};

}  // namespace kiln
