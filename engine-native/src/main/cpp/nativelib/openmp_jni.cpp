// JNI of dev.kiln.nativelib.OpenMp. Looks up the OpenMP library that another binding loaded; never links or loads one,
// because a second copy in the process would have its own threads.
#include <dlfcn.h>
#include <jni.h>

extern "C" JNIEXPORT jboolean JNICALL Java_dev_kiln_nativelib_OpenMp_set(JNIEnv*, jclass, jint threads) {
  void* library = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) {
    return JNI_FALSE;
  }
  auto set = reinterpret_cast<void (*)(int)>(dlsym(library, "omp_set_num_threads"));
  if (set != nullptr) {
    set(threads);
  }
  dlclose(library);
  return set != nullptr;
}
