// JNI of dev.kiln.nativelib.OpenMp. Looks up the OpenMP library that another binding loaded; never links or loads one,
// because a second copy in the process would have its own threads.
#include <dlfcn.h>
#include <jni.h>

#include <atomic>

namespace {

template <typename Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

void count(void* threads) { ++*static_cast<std::atomic<int>*>(threads); }

}  // namespace

// Returns the number of threads that a parallel region has now; 0 if the library is not loaded.
extern "C" JNIEXPORT jint JNICALL Java_dev_kiln_nativelib_OpenMp_set(JNIEnv*, jclass, jint threads) {
  void* library = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) {
    return 0;
  }
  std::atomic<int> found{0};
  auto set_threads = find<void(int)>(library, "omp_set_num_threads");
  auto set_dynamic = find<void(int)>(library, "omp_set_dynamic");
  auto set_levels = find<void(int)>(library, "omp_set_max_active_levels");
  auto levels = find<int()>(library, "omp_get_max_active_levels");
  auto parallel = find<void(void (*)(void*), void*, unsigned, unsigned)>(library, "GOMP_parallel");
  if (set_threads != nullptr && set_dynamic != nullptr && set_levels != nullptr && levels != nullptr &&
      parallel != nullptr) {
    // oneDNN splits its work into as many parts as it requests threads. With fewer, parts would not be computed.
    set_dynamic(0);
    if (levels() < 1) {
      set_levels(1);
    }
    set_threads(threads);
    parallel(count, &found, 0, 0);
  }
  dlclose(library);
  return found;
}
