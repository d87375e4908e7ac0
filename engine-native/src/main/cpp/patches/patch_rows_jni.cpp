// What dev.kiln.patch.NativePatchify declares as native. It has checked that every pixel and row lies in
// the memory that Java holds for the length of the call. Says whether there was memory to run.
#include <jni.h>

#include <memory>
#include <new>

#include "patch_rows.h"

namespace {

/* Numbers that stand for one plane, in this order. */
enum Field { ADDRESS, TYPE, PIXEL_STRIDE, LINE_STRIDE, REPEAT, FIELDS };

}  // namespace

extern "C" JNIEXPORT jboolean JNICALL Java_dev_kiln_patch_NativePatchify_write(
    JNIEnv* env, jclass, jlongArray fields, jfloatArray statistics, jint column, jint row, jint edge,
    jint radiometric_offset, jboolean bf16, jobject out, jlong at) {
  const jsize bands = env->GetArrayLength(fields) / FIELDS;
  jlong numbers[FIELDS];
  jfloat mean_std[2];
  std::unique_ptr<kiln::Plane[]> planes(new (std::nothrow) kiln::Plane[bands]);
  if (planes == nullptr) {
    return JNI_FALSE;
  }
  for (jsize b = 0; b < bands; b++) {
    env->GetLongArrayRegion(fields, b * FIELDS, FIELDS, numbers);
    env->GetFloatArrayRegion(statistics, b * 2, 2, mean_std);
    planes[b] = {reinterpret_cast<const uint8_t*>(static_cast<intptr_t>(numbers[ADDRESS])),
                 static_cast<kiln::PixelType>(numbers[TYPE]),
                 static_cast<ptrdiff_t>(numbers[PIXEL_STRIDE]),
                 static_cast<ptrdiff_t>(numbers[LINE_STRIDE]),
                 static_cast<int>(numbers[REPEAT]),
                 mean_std[0],
                 mean_std[1]};
  }
  auto* rows = static_cast<uint8_t*>(env->GetDirectBufferAddress(out));
  kiln::ChipWindow window = {column, row, edge};
  if (bf16) {
    kiln::write_patch_rows(planes.get(), bands, window, radiometric_offset,
                           reinterpret_cast<kiln::BFloat16*>(rows + at));
  } else {
    kiln::write_patch_rows(planes.get(), bands, window, radiometric_offset,
                           reinterpret_cast<float*>(rows + at));
  }
  return JNI_TRUE;
}
