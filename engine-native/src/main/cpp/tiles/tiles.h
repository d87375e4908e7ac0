/*
 * Decodes windows of a tiled TIFF or BigTIFF that lies in memory: the first image of the file, as
 * GDAL shows it. Nothing is kept between calls and nothing is trusted: a file can be cut, hostile or
 * full of holes. No function throws, aborts or reads outside the bytes given.
 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kiln_status {
  KILN_OK = 0,
  /* A well-formed file may hold this, but this decoder does not know it. */
  KILN_UNSUPPORTED = 1,
  /* A tile is damaged, or lies outside the bytes. */
  KILN_CORRUPT = 2,
  KILN_NO_MEMORY = 3,
  /* The caller asks for pixels that are not there, or has no room for them. */
  KILN_BAD_REQUEST = 4
};

/* One line, terminated by a zero. */
#define KILN_MESSAGE_SIZE 256

enum kiln_pixel_type { KILN_UINT8 = 0, KILN_UINT16 = 1, KILN_INT16 = 2, KILN_FLOAT32 = 3 };

struct kiln_image {
  int32_t width;
  int32_t height;
  int32_t bands;
  int32_t pixel_type;
  int32_t tile_width;
  int32_t tile_height;
  /* Whether the bands of a pixel lie together. */
  int32_t interleaved;
};

/* Which pixels to read. */
struct kiln_window {
  int32_t x;
  int32_t y;
  int32_t width;
  int32_t height;
  /* Numbers of the bands, from 1. */
  const int32_t* bands;
  int32_t band_count;
};

/*
 * Where they go: pixel (i, j) of the k-th band at byte
 * offset + k * band_stride + j * line_stride + i * pixel_stride, in host byte order.
 */
struct kiln_target {
  /* Null to decode and check the tiles, but place them nowhere. */
  uint8_t* bytes;
  uint64_t size;
  int64_t offset;
  int64_t pixel_stride;
  int64_t line_stride;
  int64_t band_stride;
  /* One pixel in host byte order, in the low bytes: fills tiles that the file leaves out. */
  uint32_t fill;
};

/* A window of a file. */
struct kiln_read {
  const uint8_t* file;
  uint64_t size;
  struct kiln_window window;
  struct kiln_target target;
};

/* Describes the image. KILN_OK or KILN_UNSUPPORTED, with a message that says what is not known. */
int kiln_tiles_describe(const uint8_t* file, uint64_t size, struct kiln_image* image,
                        char message[KILN_MESSAGE_SIZE]);

/*
 * Reads windows, all their tiles dealt to up to `threads` threads, the caller's among them. Of
 * several damaged tiles it names the first, however many threads there are: `failed` is the number
 * of its window, from 0, and the message says the rest. The targets then hold anything.
 */
int kiln_tiles_read(const struct kiln_read* reads, int32_t count, int32_t threads, int32_t* failed,
                    char message[KILN_MESSAGE_SIZE]);

#ifdef __cplusplus
}
#endif
