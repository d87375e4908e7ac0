/*
 * Decodes windows of a tiled TIFF or BigTIFF in memory: the first image of the file, as GDAL presents it. Keeps nothing
 * between calls and trusts nothing: a file can be truncated, hostile or full of holes. No function throws, aborts or
 * reads outside the given bytes.
 */
#pragma once

#include <stdint.h>

#include "kiln_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum kiln_status {
  KILN_OK = 0,
  /* Possibly a valid file, but of a kind that this decoder does not support. */
  KILN_UNSUPPORTED = 1,
  /* A tile is damaged or outside the bytes. */
  KILN_CORRUPT = 2,
  KILN_NO_MEMORY = 3,
  /* The window is outside the image, or the target too small. */
  KILN_BAD_REQUEST = 4
};

/* One line, zero-terminated. */
#define KILN_MESSAGE_SIZE 256

struct kiln_image {
  int32_t width;
  int32_t height;
  int32_t bands;
  int32_t pixel_type;
  int32_t tile_width;
  int32_t tile_height;
  /* Whether the bands of a pixel are stored together. */
  int32_t interleaved;
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
  struct kiln_window window;
  struct kiln_target target;
};

/* Describes the image. Returns KILN_OK, or KILN_UNSUPPORTED with a message that names the unsupported property. */
int kiln_tiles_describe(const uint8_t* file, uint64_t size, struct kiln_image* image, char message[KILN_MESSAGE_SIZE]);

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
