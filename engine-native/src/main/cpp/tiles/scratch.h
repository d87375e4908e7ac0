#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "codec.h"

namespace kiln {

/* Memory that grows to the largest size that was asked for; its contents do not last. */
class Buffer {
 public:
  uint8_t* of(size_t size) {
    if (size > size_) {
      bytes_.reset();  // first, so that old and new are not there at once
      bytes_.reset(new uint8_t[size]);
      size_ = size;
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

/* What one thread needs to decode one tile after the other. */
struct Scratch {
  Codec codec;
  Buffer tile;
  // Rows of a tile on their way through the steps.
  Buffer ordered;
  Buffer summed;
  Buffer samples;
};

}  // namespace kiln
