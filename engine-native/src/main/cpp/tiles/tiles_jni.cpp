// What dev.kiln.tiles.TiledTiff declares as native. Addresses are of memory that Java holds for the
// length of the call.
#include <jni.h>

#include <cstdio>
#include <new>
#include <vector>

#include "tiles.h"

namespace {

/* Numbers that stand for one read, in this order. */
enum Field {
  FILE_ADDRESS,
  FILE_SIZE,
  X,
  Y,
  WIDTH,
  HEIGHT,
  BAND_COUNT,
  TARGET_ADDRESS,
  TARGET_SIZE,
  OFFSET,
  PIXEL_STRIDE,
  LINE_STRIDE,
  BAND_STRIDE,
  FILL,
  FIELDS
};

template <typename T>
T* pointer(jlong address) {
  return reinterpret_cast<T*>(static_cast<intptr_t>(address));
}

int read(JNIEnv* env, jlongArray fields, jintArray bands, jint threads, jint& failed,
         char (&message)[KILN_MESSAGE_SIZE]) {
  std::vector<jlong> numbers(env->GetArrayLength(fields));
  env->GetLongArrayRegion(fields, 0, jsize(numbers.size()), numbers.data());
  std::vector<jint> all_bands(env->GetArrayLength(bands));
  env->GetIntArrayRegion(bands, 0, jsize(all_bands.size()), all_bands.data());
  std::vector<kiln_read> reads;
  const jint* next_bands = all_bands.data();
  for (const jlong* f = numbers.data(); f != numbers.data() + numbers.size(); f += FIELDS) {
    kiln_window window = {jint(f[X]),      jint(f[Y]), jint(f[WIDTH]),
                          jint(f[HEIGHT]), next_bands, jint(f[BAND_COUNT])};
    kiln_target target = {pointer<uint8_t>(f[TARGET_ADDRESS]),
                          uint64_t(f[TARGET_SIZE]),
                          f[OFFSET],
                          f[PIXEL_STRIDE],
                          f[LINE_STRIDE],
                          f[BAND_STRIDE],
                          uint32_t(f[FILL])};
    reads.push_back(
        {pointer<const uint8_t>(f[FILE_ADDRESS]), uint64_t(f[FILE_SIZE]), window, target});
    next_bands += f[BAND_COUNT];
  }
  return kiln_tiles_read(reads.data(), jint(reads.size()), threads, &failed, message);
}

}  // namespace

extern "C" {

JNIEXPORT jint JNICALL Java_dev_kiln_tiles_TiledTiff_describe(JNIEnv* env, jclass, jlong file,
                                                               jlong size, jintArray image,
                                                               jbyteArray message) {
  kiln_image found = {};
  char said[KILN_MESSAGE_SIZE];
  int status = kiln_tiles_describe(pointer<const uint8_t>(file), size, &found, said);
  const jint fields[] = {found.width,      found.height,      found.bands,      found.pixel_type,
                         found.tile_width, found.tile_height, found.interleaved};
  env->SetIntArrayRegion(image, 0, sizeof fields / sizeof *fields, fields);
  env->SetByteArrayRegion(message, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(said));
  return status;
}

JNIEXPORT jint JNICALL Java_dev_kiln_tiles_TiledTiff_read(JNIEnv* env, jclass, jlongArray reads,
                                                           jintArray bands, jint threads,
                                                           jintArray failed, jbyteArray message) {
  jint number = 0;
  char said[KILN_MESSAGE_SIZE];
  int status;
  try {
    status = read(env, reads, bands, threads, number, said);
  } catch (const std::bad_alloc&) {
    status = KILN_NO_MEMORY;
    snprintf(said, sizeof said, "no memory to decode tiles");
  }
  env->SetIntArrayRegion(failed, 0, 1, &number);
  env->SetByteArrayRegion(message, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(said));
  return status;
}
}
