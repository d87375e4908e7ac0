// JNI of dev.kiln.memory.NativeObject.
#include <jni.h>

#include <cstdint>

namespace {

// All that is known of the class: its destructor is virtual, and the first virtual function declared.
struct Object {
  virtual ~Object() = default;
};

}  // namespace

extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_NativeObject_free(JNIEnv*, jclass, jlong address) {
  delete reinterpret_cast<Object*>(static_cast<std::uintptr_t>(address));
}
