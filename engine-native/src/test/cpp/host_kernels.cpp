// Kiln's device code, compiled for the processor: what runs on a GPU and what the tests check without one is the same
// source (dev.kiln.cuda.HostKernels).
#include <jni.h>

#include "patches.cu"

namespace {

template <typename Format>
void patches(jlong planes, jint bands, jint chip, jint size, jlong out) {
  for (int image = 0; image < size; image++) {
    for (int line = 0; line < chip / PATCH * chip; line++) {
      patch_line<Format>(reinterpret_cast<const Plane*>(planes), bands, chip, image, line, reinterpret_cast<void*>(out));
    }
  }
}

}  // namespace

extern "C" {

JNIEXPORT void JNICALL Java_dev_kiln_cuda_HostKernels_patchesBf16(JNIEnv*, jclass, jlong planes, jint bands, jint chip,
                                                                  jint size, jlong out) {
  patches<Bf16>(planes, bands, chip, size, out);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_HostKernels_patchesFp16(JNIEnv*, jclass, jlong planes, jint bands, jint chip,
                                                                  jint size, jlong out) {
  patches<Fp16>(planes, bands, chip, size, out);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_HostKernels_patchesFp32(JNIEnv*, jclass, jlong planes, jint bands, jint chip,
                                                                  jint size, jlong out) {
  patches<Fp32>(planes, bands, chip, size, out);
}

}  // extern "C"
