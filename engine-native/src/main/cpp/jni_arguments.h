/*
 * Arrays of long that Java passes to native methods: structs, one after the other, each with nothing
 * but 64-bit fields. The Java side names the positions of the fields in a class of constants;
 * dev.kiln.nativelib.NativeArgumentsTest compares these with the structs below, field by field.
 */
#pragma once

#include <jni.h>
#include <stdint.h>

#include <vector>

namespace kiln {

/* One band of a strip: dev.kiln.patch.NativePatchify.PlaneFields. */
struct PlaneFields {
  int64_t address;
  int64_t type;
  int64_t pixel_stride;
  int64_t line_stride;
  int64_t repeat;
};

/* One tile in a file: dev.kiln.tiles.TiledTiff.TileFields. */
struct TileFields {
  int64_t offset;
  int64_t size;
};

/* One window of a file to decode: dev.kiln.tiles.TiledTiff.ReadFields. */
struct ReadFields {
  int64_t file_address;
  int64_t file_size;
  int64_t image_width;
  int64_t image_height;
  int64_t image_bands;
  int64_t pixel_type;
  int64_t tile_width;
  int64_t tile_height;
  int64_t interleaved;
  int64_t big_endian;
  int64_t compression;
  int64_t predictor;
  int64_t tile_count;
  int64_t x;
  int64_t y;
  int64_t width;
  int64_t height;
  int64_t band_count;
  int64_t target_address;
  int64_t target_size;
  int64_t offset;
  int64_t pixel_stride;
  int64_t line_stride;
  int64_t band_stride;
  int64_t fill;
};

/*
 * Copies the structs out of an array of Java's. Returns false, with an exception pending in Java, if
 * the array does not hold whole structs. Throws std::bad_alloc.
 */
template <typename Fields>
bool copy_structs(JNIEnv* env, jlongArray array, std::vector<Fields>& out) {
  constexpr jsize count = sizeof(Fields) / sizeof(jlong);
  jsize length = env->GetArrayLength(array);
  if (length % count != 0) {
    env->ThrowNew(env->FindClass("java/lang/IllegalArgumentException"),
                  "native arguments: the array does not hold whole structs");
    return false;
  }
  out.resize(length / count);
  env->GetLongArrayRegion(array, 0, length, reinterpret_cast<jlong*>(out.data()));
  return true;
}

/* The memory at an address that Java holds as a long. */
template <typename T>
T* pointer(int64_t address) {
  return reinterpret_cast<T*>(static_cast<intptr_t>(address));
}

}  // namespace kiln
