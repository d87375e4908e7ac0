#pragma once

#include <cstdint>

#include "tiles.h"

struct libdeflate_decompressor;
struct ZSTD_DCtx_s;

namespace kiln {

/* Decompresses tiles. For one thread; its memory does not depend on the file. */
class Codec {
 public:
  Codec();
  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  /*
   * Decompresses exactly `size` bytes. Throws a Fault (corrupt) if there are fewer or more, or if
   * they do not match the checksum.
   */
  void decode(kiln_compression compression, const uint8_t* coded, uint64_t coded_size, uint8_t* out, uint64_t size);

 private:
  libdeflate_decompressor* deflate_ = nullptr;
  ZSTD_DCtx_s* zstd_ = nullptr;
};

}  // namespace kiln
