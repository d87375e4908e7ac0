// What dev.kiln.decode.TiledTiff declares as native: addresses come from memory that Java holds for
// the length of the call.
#include <jni.h>

#include "tiles.h"

namespace {

template <typename T>
T* pointer(jlong address) {
  return reinterpret_cast<T*>(static_cast<intptr_t>(address));
}

void say(JNIEnv* env, const char (&message)[KILN_MESSAGE_SIZE], jbyteArray out) {
  env->SetByteArrayRegion(out, 0, KILN_MESSAGE_SIZE, reinterpret_cast<const jbyte*>(message));
}

}  // namespace

extern "C" {

JNIEXPORT jint JNICALL Java_dev_kiln_decode_TiledTiff_describe(JNIEnv* env, jclass, jlong file,
                                                               jlong size, jintArray image,
                                                               jbyteArray message) {
  kiln_image found = {};
  char said[KILN_MESSAGE_SIZE];
  int status = kiln_tiles_describe(pointer<const uint8_t>(file), size, &found, said);
  const jint fields[] = {found.width,      found.height,      found.bands,      found.pixel_type,
                         found.tile_width, found.tile_height, found.interleaved};
  env->SetIntArrayRegion(image, 0, sizeof fields / sizeof *fields, fields);
  say(env, said, message);
  return status;
}

JNIEXPORT jint JNICALL Java_dev_kiln_decode_TiledTiff_read(
    JNIEnv* env, jclass, jlong file, jlong size, jint x, jint y, jint width, jint height,
    jintArray bands, jlong target, jlong target_size, jlong offset, jlong pixel_stride,
    jlong line_stride, jlong band_stride, jint fill, jint threads, jbyteArray message) {
  jint count = env->GetArrayLength(bands);
  // Copied by the JVM into memory of its own: nothing here can fail but by a pending exception.
  jint* numbers = env->GetIntArrayElements(bands, nullptr);
  if (numbers == nullptr) {
    return KILN_NO_MEMORY;
  }
  char said[KILN_MESSAGE_SIZE];
  kiln_window window = {x, y, width, height, numbers, count};
  kiln_target into = {pointer<uint8_t>(target), uint64_t(target_size), offset, pixel_stride,
                      line_stride, band_stride, uint32_t(fill)};
  int status = kiln_tiles_read(pointer<const uint8_t>(file), size, &window, &into, threads, said);
  env->ReleaseIntArrayElements(bands, numbers, JNI_ABORT);
  say(env, said, message);
  return status;
}
}
