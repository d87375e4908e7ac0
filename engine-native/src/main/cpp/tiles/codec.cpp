#include "codec.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cinttypes>
#include <new>

#include "fault.h"

namespace kiln {
namespace {

/*
 * More coded bytes than these are never needed for a tile, but take time: empty blocks cost an
 * attacker little, and thousands of tiles may point to the same ones.
 */
uint64_t longest_coded(uint64_t size) { return 2 * size + 65536; }

void expect(uint64_t size, uint64_t found) {
  if (found != size) {
    throw Fault(KILN_CORRUPT, "%" PRIu64 " bytes expected, found %" PRIu64, size, found);
  }
}

void inflate(libdeflate_decompressor* decompressor, const uint8_t* coded, uint64_t coded_size,
             uint8_t* out, uint64_t size) {
  size_t written = 0;
  switch (libdeflate_zlib_decompress(decompressor, coded, coded_size, out, size, &written)) {
    case LIBDEFLATE_SUCCESS:
      return expect(size, written);
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      throw Fault(KILN_CORRUPT, "%" PRIu64 " bytes expected, found more", size);
    default:
      throw Fault(KILN_CORRUPT, "the DEFLATE data or its checksum is damaged");
  }
}

void decompress_zstd(ZSTD_DCtx* context, const uint8_t* coded, uint64_t coded_size, uint8_t* out,
                     uint64_t size) {
  // libtiff reads nothing of what follows the first frame.
  size_t frame = ZSTD_findFrameCompressedSize(coded, coded_size);
  size_t written =
      ZSTD_isError(frame) ? frame : ZSTD_decompressDCtx(context, out, size, coded, frame);
  if (ZSTD_isError(written)) {
    throw Fault(KILN_CORRUPT, "the zstd data is damaged: %s", ZSTD_getErrorName(written));
  }
  expect(size, written);
}

}  // namespace

Codec::Codec() = default;

Codec::~Codec() {
  libdeflate_free_decompressor(deflate_);
  ZSTD_freeDCtx(zstd_);
}

void Codec::decode(Compression compression, const uint8_t* coded, uint64_t coded_size,
                   uint8_t* out, uint64_t size) {
  coded_size = std::min(coded_size, longest_coded(size));
  if (compression == Compression::deflate) {
    if (deflate_ == nullptr && (deflate_ = libdeflate_alloc_decompressor()) == nullptr) {
      throw std::bad_alloc();
    }
    inflate(deflate_, coded, coded_size, out, size);
  } else {
    if (zstd_ == nullptr && (zstd_ = ZSTD_createDCtx()) == nullptr) {
      throw std::bad_alloc();
    }
    decompress_zstd(zstd_, coded, coded_size, out, size);
  }
}

}  // namespace kiln
