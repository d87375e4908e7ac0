// Kiln's device code, compiled for the processor: what runs on a GPU and what the tests check without one is the same
// source (dev.kiln.cuda.HostKernels).
#include <jni.h>

#include <vector>

#include "patches.cu"

// encoder.cu, built once for each size of a head.
extern "C" bool kiln_run_16(const char*, const int*, int, int, const long long*);
extern "C" bool kiln_run_48(const char*, const int*, int, int, const long long*);
extern "C" bool kiln_run_64(const char*, const int*, int, int, const long long*);

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

JNIEXPORT jboolean JNICALL Java_dev_kiln_cuda_HostKernels_run(JNIEnv* env, jclass, jint head, jstring name, jint x, jint y,
                                                              jint z, jint threads, jint shared, jlongArray arguments) {
  auto kernel = head == 16 ? kiln_run_16 : head == 48 ? kiln_run_48 : kiln_run_64;
  const int blocks[] = {x, y, z};
  std::vector<jlong> values(env->GetArrayLength(arguments));
  env->GetLongArrayRegion(arguments, 0, static_cast<jsize>(values.size()), values.data());
  std::vector<long long> numbers(values.begin(), values.end());
  const char* text = env->GetStringUTFChars(name, nullptr);
  bool found = kernel(text, blocks, threads, shared, numbers.data());
  env->ReleaseStringUTFChars(name, text);
  return found;
}

}  // extern "C"
