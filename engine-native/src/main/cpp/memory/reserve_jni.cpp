// JNI of dev.kiln.memory.AddressSpace.
#include <jni.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace {

void* address_of(jlong address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }

}  // namespace

extern "C" JNIEXPORT jlong JNICALL Java_dev_kiln_memory_AddressSpace_map(JNIEnv*, jclass, jlong size) {
  void* mapped = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return mapped == MAP_FAILED ? 0 : static_cast<jlong>(reinterpret_cast<uintptr_t>(mapped));
}

extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_AddressSpace_unmap(JNIEnv*, jclass, jlong address, jlong size) {
  munmap(address_of(address), static_cast<size_t>(size));
}

// Returns whole pages within the range to the system; they read as zeros afterwards.
extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_AddressSpace_release(JNIEnv*, jclass, jlong address,
                                                                            jlong size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<uintptr_t>(address);
  const uintptr_t first = (begin + page - 1) / page * page;
  const uintptr_t last = (begin + static_cast<uintptr_t>(size)) / page * page;
  if (first < last) {
    madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
}
