// JNI of dev.kiln.vector.NativeVectors.
#include <jni.h>

#include <cstdint>

#include "vectors.h"

namespace {

// A Java array whose elements are read or written in place; nothing may block meanwhile.
class Elements {
 public:
  Elements(JNIEnv* env, jfloatArray array, jint release) : env_(env), array_(array), release_(release) {
    if (array != nullptr) {
      data_ = static_cast<float*>(env->GetPrimitiveArrayCritical(array, nullptr));
    }
  }
  ~Elements() {
    if (data_ != nullptr) {
      env_->ReleasePrimitiveArrayCritical(array_, data_, release_);
    }
  }
  Elements(const Elements&) = delete;
  Elements& operator=(const Elements&) = delete;

  bool failed() const { return array_ != nullptr && data_ == nullptr; }
  float* data() const { return data_; }

 private:
  JNIEnv* env_;
  jfloatArray array_;
  jint release_;
  float* data_ = nullptr;
};

}  // namespace

extern "C" {

// Java has checked the lengths of the arrays.
JNIEXPORT jboolean JNICALL Java_dev_kiln_vector_NativeVectors_products(JNIEnv* env, jclass, jfloatArray vectors,
                                                                       jint rows, jint dim, jfloatArray query,
                                                                       jfloatArray dots, jfloatArray norms, jint isa) {
  Elements from(env, vectors, JNI_ABORT);
  Elements with(env, query, JNI_ABORT);
  Elements dots_out(env, dots, 0);
  Elements norms_out(env, norms, 0);
  if (from.failed() || with.failed() || dots_out.failed() || norms_out.failed()) {
    return JNI_FALSE;
  }
  return kiln::vector_products(from.data(), rows, dim, with.data(), dots_out.data(), norms_out.data(),
                               static_cast<kiln::Isa>(isa));
}

JNIEXPORT jlong JNICALL Java_dev_kiln_vector_NativeVectors_addressOf(JNIEnv* env, jclass, jobject buffer) {
  return static_cast<jlong>(reinterpret_cast<intptr_t>(env->GetDirectBufferAddress(buffer)));
}

JNIEXPORT jint JNICALL Java_dev_kiln_vector_NativeVectors_product(JNIEnv*, jclass, jlong a, jlong b, jint dim) {
  return kiln::code_product(reinterpret_cast<const int8_t*>(static_cast<intptr_t>(a)),
                            reinterpret_cast<const int8_t*>(static_cast<intptr_t>(b)), static_cast<size_t>(dim));
}

}  // extern "C"
