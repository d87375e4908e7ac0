// JNI of dev.kiln.tiles.TiledTiff. Addresses are of memory that Java keeps alive during the call.
#include <jni.h>

#include <cstdio>
#include <new>
#include <vector>

#include "jni_arguments.h"
#include "tiles.h"

namespace {

using kiln::pointer;

kiln_image image_of(const kiln::ReadFields& f) {
  return {jint(f.image_width), jint(f.image_height), jint(f.image_bands), jint(f.pixel_type),  jint(f.tile_width),
          jint(f.tile_height), jint(f.interleaved),  jint(f.big_endian),  jint(f.compression), jint(f.predictor)};
}

kiln_target target_of(const kiln::ReadFields& f) {
  return {pointer<uint8_t>(f.target_address),
          uint64_t(f.target_size),
          f.offset,
          f.pixel_stride,
          f.line_stride,
          f.band_stride,
          uint32_t(f.fill)};
}

/* Returns a status; with an exception pending in Java if the arguments have another layout. */
int read(JNIEnv* env, jlongArray fields, jlongArray tile_fields, jintArray bands, jint threads, jint& failed,
         char (&message)[KILN_MESSAGE_SIZE]) {
  std::vector<kiln::ReadFields> structs;
  std::vector<kiln::TileFields> tile_structs;
  if (!kiln::copy_structs(env, fields, structs) || !kiln::copy_structs(env, tile_fields, tile_structs)) {
    return KILN_BAD_REQUEST;
  }
  std::vector<jint> all_bands(env->GetArrayLength(bands));
  env->GetIntArrayRegion(bands, 0, jsize(all_bands.size()), all_bands.data());
  std::vector<kiln_tile> tiles;
  tiles.reserve(tile_structs.size());
  for (const kiln::TileFields& tile : tile_structs) {
    tiles.push_back({uint64_t(tile.offset), uint64_t(tile.size)});
  }
  std::vector<kiln_read> reads;
  size_t band = 0;
  size_t tile = 0;
  for (const kiln::ReadFields& f : structs) {
    if (f.band_count < 0 || uint64_t(f.band_count) > all_bands.size() - band || f.tile_count < 0 ||
        uint64_t(f.tile_count) > tiles.size() - tile) {
      snprintf(message, sizeof message, "fewer bands or tiles than the reads have");
      return KILN_BAD_REQUEST;
    }
    kiln_window window = {jint(f.x),         jint(f.y), jint(f.width), jint(f.height), all_bands.data() + band,
                          jint(f.band_count)};
    reads.push_back({pointer<const uint8_t>(f.file_address), uint64_t(f.file_size), image_of(f), window, target_of(f),
                     tiles.data() + tile, uint64_t(f.tile_count)});
    band += f.band_count;
    tile += f.tile_count;
  }
  return kiln_tiles_read(reads.data(), jint(reads.size()), threads, &failed, message);
}

}  // namespace

extern "C" JNIEXPORT jint JNICALL Java_dev_kiln_tiles_TiledTiff_read(JNIEnv* env, jclass, jlongArray reads,
                                                                     jlongArray tiles, jintArray bands, jint threads,
                                                                     jintArray failed, jbyteArray message) {
  jint failed_read = 0;
  char text[KILN_MESSAGE_SIZE] = "";
  int status;
  try {
    status = read(env, reads, tiles, bands, threads, failed_read, text);
  } catch (const std::bad_alloc&) {
    status = KILN_NO_MEMORY;
    snprintf(text, sizeof text, "out of memory while decoding tiles");
  }
  if (!env->ExceptionCheck()) {
    env->SetIntArrayRegion(failed, 0, 1, &failed_read);
    env->SetByteArrayRegion(message, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(text));
  }
  return status;
}
