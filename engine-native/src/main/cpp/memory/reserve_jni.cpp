// JNI of dev.kiln.memory.AddressSpace.
#include <jni.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

namespace {

void* address_of(jlong address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }

}  // namespace

// Maps zeroed pages at a multiple of the alignment, a power of two. Returns 0 if there is not enough address space.
extern "C" JNIEXPORT jlong JNICALL Java_dev_kiln_memory_AddressSpace_map(JNIEnv*, jclass, jlong size, jlong alignment) {
  const auto wanted = static_cast<size_t>(size);
  const auto unit = static_cast<size_t>(alignment);
  void* mapped =
      mmap(nullptr, wanted + unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    return 0;
  }
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t aligned = (begin + unit - 1) / unit * unit;
  const uintptr_t end = (aligned + wanted + page - 1) / page * page;
  if (aligned > begin) {
    munmap(mapped, aligned - begin);
  }
  const uintptr_t mapped_end = (begin + wanted + unit + page - 1) / page * page;
  if (mapped_end > end) {
    munmap(reinterpret_cast<void*>(end), mapped_end - end);
  }
  return static_cast<jlong>(aligned);
}

extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_AddressSpace_unmap(JNIEnv*, jclass, jlong address, jlong size) {
  munmap(address_of(address), static_cast<size_t>(size));
}

// Asks for pages of 2 MiB where a range has room for them, and the system has them.
extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_AddressSpace_adviseHugePages(JNIEnv*, jclass, jlong address,
                                                                                    jlong size) {
  madvise(address_of(address), static_cast<size_t>(size), MADV_HUGEPAGE);
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

// Moves the pages of one mapping to the place of others, which are freed. The old place stays mapped and reads as
// zeros. Page tables move whole where address and size are multiples of 2 MiB. Needs Linux 5.7.
extern "C" JNIEXPORT jboolean JNICALL Java_dev_kiln_memory_AddressSpace_move(JNIEnv*, jclass, jlong from, jlong to,
                                                                             jlong size) {
  const auto bytes = static_cast<size_t>(size);
  void* moved =
      mremap(address_of(from), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, address_of(to));
  return moved == MAP_FAILED ? JNI_FALSE : JNI_TRUE;
}
