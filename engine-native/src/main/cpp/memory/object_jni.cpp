// JNI of dev.kiln.memory.NativeObject.
#include <jni.h>

#include "jni_arguments.h"

namespace {

using Destructor = void (*)(void*);

// All that is assumed of the class: its destructor is virtual. In the table of virtual functions, as the C++ ABI of
// Linux defines it, a destructor has two entries; the second one also frees the memory.
struct Object {
  const Destructor* functions;
};

}  // namespace

extern "C" JNIEXPORT void JNICALL Java_dev_kiln_memory_NativeObject_free(JNIEnv*, jclass, jlong address,
                                                                         jint functions_before) {
  auto* object = kiln::pointer<Object>(address);
  object->functions[functions_before + 1](object);
}
