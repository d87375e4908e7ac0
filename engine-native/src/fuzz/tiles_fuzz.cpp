// A file of any bytes is described and read, whole and in parts, into memory that ends where the
// target says. What the parts hold must be what the whole does.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tiles.h"

namespace {

constexpr int32_t longest = 48;
constexpr int32_t most_bands = 5;
// Larger ones take the same ways, only longer.
constexpr int64_t largest_tile = 1 << 16;
constexpr int sample_bytes[] = {1, 2, 2, 4};

struct Pixels {
  kiln_window window;
  std::vector<uint8_t> bytes;
};

/* Reads a window into interleaved pixels; nothing if a tile is damaged. */
bool read(const uint8_t* file, size_t size, const kiln_image& image, Pixels& pixels) {
  kiln_window& w = pixels.window;
  int64_t sample = sample_bytes[image.pixel_type];
  int64_t pixel = sample * w.band_count;
  pixels.bytes.assign(w.width * w.height * pixel, 0xA5);
  kiln_target target = {pixels.bytes.data(), pixels.bytes.size(), 0, pixel, w.width * pixel, sample, 0x01020304};
  char message[KILN_MESSAGE_SIZE];
  int32_t failed = 0;
  kiln_read all = {file, size, w, target};
  int status = kiln_tiles_read(&all, 1, 1, &failed, message);
  if (status != KILN_OK && status != KILN_CORRUPT) {
    fprintf(stderr, "status %d: %s\n", status, message);
    abort();
  }
  return status == KILN_OK;
}

void compare(const Pixels& whole, const Pixels& part, const kiln_image& image) {
  size_t pixel = size_t(sample_bytes[image.pixel_type]) * whole.window.band_count;
  size_t line = part.window.width * pixel;
  for (int32_t y = 0; y < part.window.height; y++) {
    size_t row = part.window.y - whole.window.y + y;
    size_t at = (row * whole.window.width + (part.window.x - whole.window.x)) * pixel;
    if (memcmp(whole.bytes.data() + at, part.bytes.data() + y * line, line) != 0) {
      fprintf(stderr, "row %d differs\n", y);
      abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiln_image image;
  char message[KILN_MESSAGE_SIZE];
  if (kiln_tiles_describe(data, size, &image, message) != KILN_OK ||
      int64_t{image.tile_width} * image.tile_height * image.bands > largest_tile) {
    return 0;
  }
  // In file order, which is copied row by row, and backwards, which is not.
  int32_t ascending[most_bands];
  int32_t descending[most_bands];
  int32_t bands = std::min(image.bands, most_bands);
  for (int32_t k = 0; k < bands; k++) {
    ascending[k] = k + 1;
    descending[k] = image.bands - k;
  }
  // The middle of large images, so that the tiles are not always the first.
  int32_t w = std::min(image.width, longest);
  int32_t h = std::min(image.height, longest);
  kiln_window middle = {(image.width - w) / 2, (image.height - h) / 2, w, h, ascending, bands};
  for (const int32_t* order : {ascending, descending}) {
    middle.bands = order;
    Pixels whole{middle, {}};
    if (!read(data, size, image, whole)) {
      continue;
    }
    kiln_window inner = {middle.x + w / 3, middle.y + h / 3, w - w / 3, h - h / 3, order, bands};
    Pixels part{inner, {}};
    if (!read(data, size, image, part)) {
      fprintf(stderr, "a part is damaged, the whole is not\n");
      abort();
    }
    compare(whole, part, image);
  }
  return 0;
}
