/*
 * Decodes windows of a tiled image in memory, such as that of a TIFF whose directory Java has read. The caller
 * describes the image and the tiles; nothing is trusted: the description is checked, and the bytes can be truncated,
 * hostile or full of holes. No function throws, aborts or reads outside the given bytes. Keeps nothing between calls.
 */
#pragma once

#include <stdint.h>

#include "kiln_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum kiln_status {
  KILN_OK = 0,
  /* A tile is damaged or outside the bytes. */
  KILN_CORRUPT = 1,
  KILN_NO_MEMORY = 2,
  /* The description is inconsistent, the window is outside the image, or the target too small. */
  KILN_BAD_REQUEST = 3
};

/* One line, zero-terminated. */
#define KILN_MESSAGE_SIZE 256

/* Larger tiles are refused. */
#define KILN_MAX_TILE_BYTES (64 << 20)

/* As TIFF numbers them. */
enum kiln_compression { KILN_UNCOMPRESSED = 1, KILN_DEFLATE = 8, KILN_ZSTD = 50000 };

/* As TIFF numbers them. */
enum kiln_predictor { KILN_NO_PREDICTOR = 1, KILN_HORIZONTAL = 2, KILN_FLOATING_POINT = 3 };

/* An image and how its tiles are coded. */
struct kiln_image {
  int32_t width;
  int32_t height;
  int32_t bands;
  int32_t pixel_type; /* kiln_pixel_type */
  int32_t tile_width;
  int32_t tile_height;
  /* Whether a tile contains all bands, pixel by pixel; else each band has tiles of its own. */
  int32_t interleaved;
  /* Byte order of the samples. */
  int32_t big_endian;
  int32_t compression; /* kiln_compression */
  int32_t predictor;   /* kiln_predictor */
};

/* The bytes of a tile in the file; size 0 if the file omits it. */
struct kiln_tile {
  uint64_t offset;
  uint64_t size;
};

/* The pixels to read. */
struct kiln_window {
  int32_t x;
  int32_t y;
  int32_t width;
  int32_t height;
  /* Band numbers, from 1. */
  const int32_t* bands;
  int32_t band_count;
};

/*
 * Their destination: pixel (i, j) of the k-th band at byte
 * offset + k * band_stride + j * line_stride + i * pixel_stride, in host byte order.
 */
struct kiln_target {
  /* Null to decode and check the tiles without storing them. */
  uint8_t* bytes;
  uint64_t size;
  int64_t offset;
  int64_t pixel_stride;
  int64_t line_stride;
  int64_t band_stride;
  /* One pixel in host byte order, in the low bytes: fills tiles that the file omits. */
  uint32_t fill;
};

/* A window of a file. */
struct kiln_read {
  const uint8_t* file;
  uint64_t size;
  struct kiln_image image;
  struct kiln_window window;
  struct kiln_target target;
  /* The tiles that the window touches, row by row; those of the window's first band first, unless interleaved. */
  const struct kiln_tile* tiles;
  uint64_t tile_count;
};

/*
 * Reads windows, distributing all their tiles to up to `threads` threads, including the caller's. Of several damaged
 * tiles it reports the first, whatever the number of threads: `failed` is the index of its window, and the message
 * names the tile. The contents of the targets are then unspecified.
 */
int kiln_tiles_read(const struct kiln_read* reads, int32_t count, int32_t threads, int32_t* failed,
                    char message[KILN_MESSAGE_SIZE]);

#ifdef __cplusplus
}
#endif
