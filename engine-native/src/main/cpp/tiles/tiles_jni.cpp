// JNI of dev.kiln.tiles.TiledTiff. Addresses are of memory that Java keeps alive during the call.
#include <jni.h>

#include <cstdio>
#include <new>
#include <vector>

#include "jni_arguments.h"
#include "tiles.h"

namespace {

using kiln::pointer;

/* Returns a status; with an exception pending in Java if the arguments have another layout. */
int read(JNIEnv* env, jlongArray fields, jintArray bands, jint threads, jint& failed,
         char (&message)[KILN_MESSAGE_SIZE]) {
  std::vector<kiln::ReadFields> structs;
  if (!kiln::copy_structs(env, fields, structs)) {
    return KILN_BAD_REQUEST;
  }
  std::vector<jint> all_bands(env->GetArrayLength(bands));
  env->GetIntArrayRegion(bands, 0, jsize(all_bands.size()), all_bands.data());
  std::vector<kiln_read> reads;
  const jint* next_bands = all_bands.data();
  for (const kiln::ReadFields& f : structs) {
    kiln_window window = {jint(f.x), jint(f.y), jint(f.width), jint(f.height), next_bands, jint(f.band_count)};
    kiln_target target = {pointer<uint8_t>(f.target_address),
                          uint64_t(f.target_size),
                          f.offset,
                          f.pixel_stride,
                          f.line_stride,
                          f.band_stride,
                          uint32_t(f.fill)};
    reads.push_back({pointer<const uint8_t>(f.file_address), uint64_t(f.file_size), window, target});
    next_bands += f.band_count;
  }
  return kiln_tiles_read(reads.data(), jint(reads.size()), threads, &failed, message);
}

}  // namespace

extern "C" {

JNIEXPORT jint JNICALL Java_dev_kiln_tiles_TiledTiff_describe(JNIEnv* env, jclass, jlong file, jlong size,
                                                              jintArray image, jbyteArray message) {
  kiln_image found = {};
  char text[KILN_MESSAGE_SIZE];
  int status = kiln_tiles_describe(pointer<const uint8_t>(file), size, &found, text);
  const jint fields[] = {found.width,      found.height,      found.bands,      found.pixel_type,
                         found.tile_width, found.tile_height, found.interleaved};
  env->SetIntArrayRegion(image, 0, sizeof fields / sizeof *fields, fields);
  env->SetByteArrayRegion(message, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(text));
  return status;
}

JNIEXPORT jint JNICALL Java_dev_kiln_tiles_TiledTiff_read(JNIEnv* env, jclass, jlongArray reads, jintArray bands,
                                                          jint threads, jintArray failed, jbyteArray message) {
  jint failed_read = 0;
  char text[KILN_MESSAGE_SIZE];
  int status;
  try {
    status = read(env, reads, bands, threads, failed_read, text);
  } catch (const std::bad_alloc&) {
    status = KILN_NO_MEMORY;
    snprintf(text, sizeof text, "out of memory while decoding tiles");
  }
  env->SetIntArrayRegion(failed, 0, 1, &failed_read);
  env->SetByteArrayRegion(message, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(text));
  return status;
}
}
