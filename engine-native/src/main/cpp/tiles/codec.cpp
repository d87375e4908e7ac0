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
 * No tile needs more coded bytes than this, but they take time: empty blocks cost an attacker little, and thousands of
 * tiles may point to the same ones.
 */
uint64_t max_coded_bytes(uint64_t size) { return 2 * size + 65536; }

void expect(uint64_t size, uint64_t found) {
  if (found != size) {
    throw Fault(KILN_CORRUPT, "expected %" PRIu64 " bytes, found %" PRIu64, size, found);
  }
}

void inflate(libdeflate_decompressor* decompressor, const uint8_t* coded, uint64_t coded_size, uint8_t* out,
             uint64_t size) {
  size_t written = 0;
  switch (libdeflate_zlib_decompress(decompressor, coded, coded_size, out, size, &written)) {
    case LIBDEFLATE_SUCCESS: return expect(size, written);
    case LIBDEFLATE_INSUFFICIENT_SPACE: throw Fault(KILN_CORRUPT, "expected %" PRIu64 " bytes, found more", size);
    default: throw Fault(KILN_CORRUPT, "damaged DEFLATE data or checksum");
  }
}

void decompress_zstd(ZSTD_DCtx* context, const uint8_t* coded, uint64_t coded_size, uint8_t* out, uint64_t size) {
  // As libtiff, ignores everything after the first frame.
  size_t frame = ZSTD_findFrameCompressedSize(coded, coded_size);
  size_t written = ZSTD_isError(frame) ? frame : ZSTD_decompressDCtx(context, out, size, coded, frame);
  if (ZSTD_isError(written)) {
    throw Fault(KILN_CORRUPT, "damaged zstd data: %s", ZSTD_getErrorName(written));
  }
  expect(size, written);
}

}  // namespace

Codec::Codec() = default;

Codec::~Codec() {
  libdeflate_free_decompressor(deflate_);
  ZSTD_freeDCtx(zstd_);
}

void Codec::decode(kiln_compression compression, const uint8_t* coded, uint64_t coded_size, uint8_t* out,
                   uint64_t size) {
  coded_size = std::min(coded_size, max_coded_bytes(size));
  if (compression == KILN_DEFLATE) {
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
