// JNI of dev.kiln.bf16.Bf16Kernels.
#include <jni.h>

#include "../jni_arguments.h"
#include "bf16.h"

extern "C" {

JNIEXPORT jint JNICALL Java_dev_kiln_bf16_Bf16Kernels_cpuInstructions(JNIEnv*, jclass) {
  return kiln::bf16_instructions();
}

JNIEXPORT jint JNICALL Java_dev_kiln_bf16_Bf16Kernels_requestAmx(JNIEnv*, jclass) { return kiln::request_amx(); }

JNIEXPORT jboolean JNICALL Java_dev_kiln_bf16_Bf16Kernels_attention(JNIEnv*, jclass, jlong query, jlong key,
                                                                    jlong value, jlong out, jlong query_stride,
                                                                    jlong key_stride, jlong out_stride, jint queries,
                                                                    jint keys, jint heads, jint head_size, jint threads,
                                                                    jint isa) {
  const kiln::Bf16AttentionArguments arguments = {kiln::pointer<const uint16_t>(query),
                                                  kiln::pointer<const uint16_t>(key),
                                                  kiln::pointer<const uint16_t>(value),
                                                  kiln::pointer<uint16_t>(out),
                                                  static_cast<size_t>(query_stride),
                                                  static_cast<size_t>(key_stride),
                                                  static_cast<size_t>(out_stride),
                                                  queries,
                                                  keys,
                                                  heads,
                                                  head_size};
  return kiln::bf16_attention(arguments, threads, static_cast<kiln::Bf16Isa>(isa));
}

JNIEXPORT void JNICALL Java_dev_kiln_bf16_Bf16Kernels_packWeights(JNIEnv*, jclass, jlong weights, jint inner,
                                                                  jint columns, jlong packed) {
  kiln::bf16_pack_weights(kiln::pointer<const float>(weights), inner, columns, kiln::pointer<uint16_t>(packed));
}

JNIEXPORT jboolean JNICALL Java_dev_kiln_bf16_Bf16Kernels_matmul(JNIEnv*, jclass, jlong in, jlong weights, jlong bias,
                                                                 jlong out, jlong in_stride, jlong out_stride,
                                                                 jint rows, jint inner, jint columns, jint epilogue,
                                                                 jboolean float_out, jint threads, jint isa) {
  const kiln::Bf16MatmulArguments arguments = {kiln::pointer<const uint16_t>(in),
                                               kiln::pointer<const uint16_t>(weights),
                                               kiln::pointer<const float>(bias),
                                               kiln::pointer<void>(out),
                                               static_cast<size_t>(in_stride),
                                               static_cast<size_t>(out_stride),
                                               rows,
                                               inner,
                                               columns,
                                               static_cast<kiln::MatmulEpilogue>(epilogue),
                                               float_out != JNI_FALSE};
  return kiln::bf16_matmul(arguments, threads, static_cast<kiln::Bf16Isa>(isa));
}

JNIEXPORT void JNICALL Java_dev_kiln_bf16_Bf16Kernels_norm(JNIEnv*, jclass, jlong in, jlong scale, jlong shift,
                                                           jlong out, jint rows, jint size, jfloat epsilon,
                                                           jboolean float_out, jint threads, jint isa) {
  const kiln::Bf16NormArguments arguments = {kiln::pointer<const float>(in),
                                             kiln::pointer<const float>(scale),
                                             kiln::pointer<const float>(shift),
                                             kiln::pointer<void>(out),
                                             rows,
                                             size,
                                             epsilon,
                                             float_out != JNI_FALSE};
  kiln::bf16_norm(arguments, threads, static_cast<kiln::Bf16Isa>(isa));
}

}  // extern "C"
