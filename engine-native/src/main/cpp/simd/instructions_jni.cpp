// JNI of dev.kiln.nativelib.FloatInstructions.
#include <jni.h>

#include "instructions.h"

extern "C" {

JNIEXPORT jint JNICALL Java_dev_kiln_nativelib_FloatInstructions_fastestCode(JNIEnv*, jclass) {
  return static_cast<jint>(kiln::fastest_isa());
}

}  // extern "C"
