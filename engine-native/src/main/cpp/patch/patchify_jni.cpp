// JNI of dev.kiln.patch.NativePatchify, which has checked that all pixels and rows are inside memory that Java keeps
// alive during the call. Returns false if there is no memory to run.
#include <jni.h>

#include <new>
#include <vector>

#include "jni_arguments.h"
#include "patchify.h"

namespace {

/* Returns false with an exception pending in Java. */
bool read_planes(JNIEnv* env, jlongArray fields, jfloatArray statistics, std::vector<kiln::Plane>& planes) {
  std::vector<kiln::PlaneFields> structs;
  if (!kiln::copy_structs(env, fields, structs)) {
    return false;
  }
  std::vector<jfloat> mean_std(2 * structs.size());
  env->GetFloatArrayRegion(statistics, 0, static_cast<jsize>(mean_std.size()), mean_std.data());
  if (env->ExceptionCheck()) {
    return false;
  }
  for (size_t b = 0; b < structs.size(); b++) {
    const kiln::PlaneFields& from = structs[b];
    planes.push_back({kiln::pointer<const uint8_t>(from.address), static_cast<kiln_pixel_type>(from.type),
                      static_cast<ptrdiff_t>(from.pixel_stride), static_cast<ptrdiff_t>(from.line_stride),
                      static_cast<int>(from.repeat), mean_std[2 * b], mean_std[2 * b + 1]});
  }
  return true;
}

}  // namespace

extern "C" JNIEXPORT jboolean JNICALL Java_dev_kiln_patch_NativePatchify_write(JNIEnv* env, jclass, jlongArray fields,
                                                                               jfloatArray statistics, jint column,
                                                                               jint row, jint chip_size,
                                                                               jint radiometric_offset, jboolean bf16,
                                                                               jobject out, jlong at) {
  std::vector<kiln::Plane> planes;
  try {
    if (!read_planes(env, fields, statistics, planes)) {
      return JNI_TRUE;
    }
  } catch (const std::bad_alloc&) {
    return JNI_FALSE;
  }
  auto* rows = static_cast<uint8_t*>(env->GetDirectBufferAddress(out));
  int bands = static_cast<int>(planes.size());
  kiln::ChipWindow window = {column, row, chip_size};
  if (bf16) {
    kiln::write_patch_rows(planes.data(), bands, window, radiometric_offset,
                           reinterpret_cast<kiln::BFloat16*>(rows + at));
  } else {
    kiln::write_patch_rows(planes.data(), bands, window, radiometric_offset, reinterpret_cast<float*>(rows + at));
  }
  return JNI_TRUE;
}
