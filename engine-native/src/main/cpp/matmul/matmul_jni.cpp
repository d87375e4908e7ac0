// JNI of dev.kiln.matmul.PackedMatmul.
#include <jni.h>

#include "../jni_arguments.h"
#include "matmul.h"

extern "C" {

JNIEXPORT jlong JNICALL Java_dev_kiln_matmul_PackedMatmul_packedSize(JNIEnv*, jclass, jint inner, jint columns,
                                                                     jint isa) {
  return static_cast<jlong>(kiln::packed_size(inner, columns, static_cast<kiln::Isa>(isa)));
}

JNIEXPORT void JNICALL Java_dev_kiln_matmul_PackedMatmul_pack(JNIEnv*, jclass, jlong weights, jint inner, jint columns,
                                                              jlong packed, jint isa) {
  kiln::pack_weights(kiln::pointer<const float>(weights), inner, columns, kiln::pointer<float>(packed),
                     static_cast<kiln::Isa>(isa));
}

JNIEXPORT jboolean JNICALL Java_dev_kiln_matmul_PackedMatmul_multiply(JNIEnv*, jclass, jlong in, jlong weights,
                                                                      jlong bias, jlong out, jlong in_stride,
                                                                      jlong out_stride, jint rows, jint inner,
                                                                      jint columns, jint epilogue, jint threads,
                                                                      jint isa) {
  const kiln::MatmulArguments arguments = {kiln::pointer<const float>(in),
                                           kiln::pointer<const float>(weights),
                                           kiln::pointer<const float>(bias),
                                           kiln::pointer<float>(out),
                                           static_cast<size_t>(in_stride),
                                           static_cast<size_t>(out_stride),
                                           rows,
                                           inner,
                                           columns,
                                           static_cast<kiln::MatmulEpilogue>(epilogue)};
  return kiln::matmul(arguments, threads, static_cast<kiln::Isa>(isa));
}

}  // extern "C"
