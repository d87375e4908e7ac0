#include "image.h"

#include "bytes.h"
#include "fault.h"

namespace kiln {
namespace {

uint32_t sample_size(int32_t pixel_type) {
  switch (pixel_type) {
    case KILN_UINT8: return 1;
    case KILN_UINT16: return 2;
    case KILN_INT16: return 2;
    case KILN_FLOAT32: return 4;
    default: throw Fault(KILN_BAD_REQUEST, "unknown pixel type %d", pixel_type);
  }
}

kiln_compression known_compression(int32_t code) {
  if (code != KILN_UNCOMPRESSED && code != KILN_DEFLATE && code != KILN_ZSTD) {
    throw Fault(KILN_BAD_REQUEST, "unknown compression %d", code);
  }
  return static_cast<kiln_compression>(code);
}

kiln_predictor known_predictor(int32_t code, int32_t pixel_type) {
  if (code != KILN_NO_PREDICTOR && code != KILN_HORIZONTAL &&
      (code != KILN_FLOATING_POINT || pixel_type != KILN_FLOAT32)) {
    throw Fault(KILN_BAD_REQUEST, "unknown predictor %d for pixel type %d", code, pixel_type);
  }
  return static_cast<kiln_predictor>(code);
}

uint32_t positive(int32_t value, const char* name) {
  if (value < 1) {
    throw Fault(KILN_BAD_REQUEST, "%s: expected at least 1, found %d", name, value);
  }
  return static_cast<uint32_t>(value);
}

}  // namespace

Image::Image(const kiln_image& image)
    : width(positive(image.width, "width")),
      height(positive(image.height, "height")),
      bands(positive(image.bands, "bands")),
      sample_bytes(sample_size(image.pixel_type)),
      tile_width(positive(image.tile_width, "tile width")),
      tile_height(positive(image.tile_height, "tile height")),
      interleaved(image.interleaved != 0 && image.bands > 1),
      swapped((image.big_endian != 0) != host_is_big_endian),
      compression(known_compression(image.compression)),
      predictor(known_predictor(image.predictor, image.pixel_type)) {
  // Divides, since a product could overflow.
  uint64_t pixels = uint64_t{tile_width} * tile_height;
  if (pixels > KILN_MAX_TILE_BYTES / (uint64_t{samples()} * sample_bytes)) {
    throw Fault(KILN_BAD_REQUEST, "tiles of more than %d MiB", KILN_MAX_TILE_BYTES >> 20);
  }
}

}  // namespace kiln
