// JNI of dev.kiln.memory.NativeObject.
#include <jni.h>

#include "jni_arguments.h"

namespace {

// All that is assumed of the class: its destructor is virtual, and the first virtual function declared.
struct Object {
  virtual ~Object() = default;
};

}  // namespace

extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_NativeObject_free(JNIEnv*, jclass, jlong address) {
  delete kiln::pointer<Object>(address);
}
