// Tiles of any bytes, in an image of any layout, are read whole and in part into memory that ends where the target
// says. The part must equal that part of the whole. Covers codec, predictor and placement; Java reads TIFF directories.
//
// Input: a header of 14 bytes (see Input), tile offsets and sizes of 4 bytes each, then the bytes of the file.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tiles.h"

namespace {

constexpr int32_t max_size = 48;
constexpr int32_t max_bands = 5;
// Larger tiles take the same paths, only longer.
constexpr int64_t max_tile = 1 << 16;
constexpr int sample_bytes[] = {1, 2, 2, 4};
constexpr int32_t compressions[] = {KILN_UNCOMPRESSED, KILN_DEFLATE, KILN_ZSTD};

uint16_t number(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

/* An image, its tiles and its file. */
struct Input {
  static constexpr size_t header_bytes = 14;

  /* Reads the input; false if it is too short. */
  bool parse(const uint8_t* data, size_t size) {
    if (size < header_bytes) {
      return false;
    }
    image.pixel_type = data[0] % 4;
    image.interleaved = data[1] & 1;
    image.big_endian = data[1] >> 1 & 1;
    image.compression = compressions[data[2] % 3];
    image.predictor = 1 + data[3] % 3;
    image.bands = 1 + data[4] % 8;
    size_t entries = 1 + data[5] % 64;
    image.width = 1 + number(data + 6);
    image.height = 1 + number(data + 8);
    image.tile_width = 1 + number(data + 10);
    image.tile_height = 1 + number(data + 12);
    if (size < header_bytes + 4 * entries) {
      return false;
    }
    for (size_t i = 0; i < entries; i++) {
      const uint8_t* entry = data + header_bytes + 4 * i;
      table.push_back({number(entry), number(entry + 2)});
    }
    // In a block of its own, so that the sanitizer detects an access one byte too far.
    file.assign(data + header_bytes + 4 * entries, data + size);
    return true;
  }

  /* The tiles that a window touches, each the same for every window; they repeat if there are more than entries. */
  std::vector<kiln_tile> tiles(const kiln_window& w) const {
    int64_t across = (image.width - 1) / image.tile_width + 1;
    int64_t down = (image.height - 1) / image.tile_height + 1;
    std::vector<kiln_tile> tiles;
    for (int32_t k = 0; k < (image.interleaved && image.bands > 1 ? 1 : w.band_count); k++) {
      int64_t plane = image.interleaved && image.bands > 1 ? 0 : w.bands[k] - 1;
      for (int64_t row = w.y / image.tile_height; row <= (w.y + w.height - 1) / image.tile_height; row++) {
        for (int64_t column = w.x / image.tile_width; column <= (w.x + w.width - 1) / image.tile_width; column++) {
          tiles.push_back(table[((plane * down + row) * across + column) % table.size()]);
        }
      }
    }
    return tiles;
  }

  kiln_image image = {};
  std::vector<kiln_tile> table;
  std::vector<uint8_t> file;
};

struct Pixels {
  kiln_window window;
  std::vector<uint8_t> bytes;
};

/* Reads a window into interleaved pixels. */
int read(const Input& input, Pixels& pixels) {
  kiln_window& w = pixels.window;
  int64_t sample = sample_bytes[input.image.pixel_type];
  int64_t pixel = sample * w.band_count;
  pixels.bytes.assign(w.width * w.height * pixel, 0xA5);
  kiln_target target = {pixels.bytes.data(), pixels.bytes.size(), 0, pixel, w.width * pixel, sample, 0x01020304};
  std::vector<kiln_tile> tiles = input.tiles(w);
  char message[KILN_MESSAGE_SIZE];
  int32_t failed = 0;
  kiln_read all = {input.file.data(), input.file.size(), input.image, w, target, tiles.data(), tiles.size()};
  int status = kiln_tiles_read(&all, 1, 1, &failed, message);
  bool unknown = input.image.predictor == KILN_FLOATING_POINT && input.image.pixel_type != KILN_FLOAT32;
  if (status != KILN_OK && status != KILN_CORRUPT && !(unknown && status == KILN_BAD_REQUEST)) {
    fprintf(stderr, "status %d: %s\n", status, message);
    abort();
  }
  // A missing or a surplus tile is refused.
  for (int change : {-1, 1}) {
    kiln_read other = all;
    other.tile_count += change;
    if (kiln_tiles_read(&other, 1, 1, &failed, message) != KILN_BAD_REQUEST) {
      fprintf(stderr, "accepted %d tiles too many\n", change);
      abort();
    }
  }
  return status;
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
  Input input;
  if (!input.parse(data, size)) {
    return 0;
  }
  const kiln_image& image = input.image;
  if (int64_t{image.tile_width} * image.tile_height * image.bands > max_tile) {
    return 0;
  }
  // In file order, which is copied row by row, and reversed, which is not.
  int32_t ascending[max_bands];
  int32_t descending[max_bands];
  int32_t bands = std::min(image.bands, max_bands);
  for (int32_t k = 0; k < bands; k++) {
    ascending[k] = k + 1;
    descending[k] = image.bands - k;
  }
  // The middle of large images, so that the tiles are not always the first.
  int32_t w = std::min(image.width, max_size);
  int32_t h = std::min(image.height, max_size);
  kiln_window middle = {(image.width - w) / 2, (image.height - h) / 2, w, h, ascending, bands};
  for (const int32_t* order : {ascending, descending}) {
    middle.bands = order;
    Pixels whole{middle, {}};
    if (read(input, whole) != KILN_OK) {
      continue;
    }
    kiln_window inner = {middle.x + w / 3, middle.y + h / 3, w - w / 3, h - h / 3, order, bands};
    Pixels part{inner, {}};
    if (read(input, part) != KILN_OK) {
      fprintf(stderr, "a part is damaged, the whole is not\n");
      abort();
    }
    compare(whole, part, image);
  }
  return 0;
}
