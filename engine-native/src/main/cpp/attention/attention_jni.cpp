// JNI of dev.kiln.attention.FusedAttention.
#include <jni.h>

#include "../jni_arguments.h"
#include "attention.h"

extern "C" {

JNIEXPORT jboolean JNICALL Java_dev_kiln_attention_FusedAttention_compute(JNIEnv*, jclass, jlong query, jlong key,
                                                                          jlong value, jlong out, jlong query_stride,
                                                                          jlong key_stride, jlong out_stride,
                                                                          jint queries, jint keys, jint heads,
                                                                          jint head_size, jint threads, jint isa) {
  const kiln::AttentionArguments<float> arguments = {kiln::pointer<const float>(query),
                                                     kiln::pointer<const float>(key),
                                                     kiln::pointer<const float>(value),
                                                     kiln::pointer<float>(out),
                                                     static_cast<size_t>(query_stride),
                                                     static_cast<size_t>(key_stride),
                                                     static_cast<size_t>(out_stride),
                                                     queries,
                                                     keys,
                                                     heads,
                                                     head_size};
  return kiln::attention(arguments, threads, static_cast<kiln::Isa>(isa));
}

}  // extern "C"
