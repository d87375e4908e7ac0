// JNI of dev.kiln.cuda.HostKernels: the same source that a GPU runs, compiled for the host.
#include "host_kernels.h"

#include <jni.h>

#include <vector>

extern "C" JNIEXPORT jboolean JNICALL Java_dev_kiln_cuda_HostKernels_run(JNIEnv* env, jclass, jstring name, jint x,
                                                                         jint y, jint z, jint threads, jint shared,
                                                                         jlongArray arguments) {
  const int blocks[] = {x, y, z};
  std::vector<jlong> values(env->GetArrayLength(arguments));
  env->GetLongArrayRegion(arguments, 0, static_cast<jsize>(values.size()), values.data());
  std::vector<long long> words(values.begin(), values.end());
  const char* text = env->GetStringUTFChars(name, nullptr);
  bool found = run_patch_kernel(text, y, words.data()) ||
               run_encoder_kernel(text, blocks, threads, shared, words.data()) ||
               run_attention_kernel(text, blocks, threads, shared, words.data());
  env->ReleaseStringUTFChars(name, text);
  return found;
}
