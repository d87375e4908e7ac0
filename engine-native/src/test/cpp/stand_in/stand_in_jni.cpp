// JNI of dev.kiln.cuda.StandIn.
#include <jni.h>

#include <string>

extern "C" {

void stand_in_reset();
void stand_in_fail(const char* function, int nth, int code, bool sticky);
void stand_in_fail_work(int nth, int code);
void stand_in_device(int devices, int driver, long long memory);
void stand_in_pace(double kernel_microseconds, double bytes_per_microsecond);
void stand_in_distort(const char* what, float factor);
void stand_in_delay(const char* kernel, double microseconds);
const char* stand_in_read(const char* topic);

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_reset(JNIEnv*, jclass) { stand_in_reset(); }

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_fail(JNIEnv* env, jclass, jstring function, jint nth, jint code,
                                                       jboolean sticky) {
  const char* text = env->GetStringUTFChars(function, nullptr);
  stand_in_fail(text, nth, code, sticky);
  env->ReleaseStringUTFChars(function, text);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_failWork(JNIEnv*, jclass, jint nth, jint code) {
  stand_in_fail_work(nth, code);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_device(JNIEnv*, jclass, jint devices, jint driver, jlong memory) {
  stand_in_device(devices, driver, memory);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_pace(JNIEnv*, jclass, jdouble kernel, jdouble bytes) {
  stand_in_pace(kernel, bytes);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_distort(JNIEnv* env, jclass, jstring what, jfloat factor) {
  const char* text = env->GetStringUTFChars(what, nullptr);
  stand_in_distort(text, factor);
  env->ReleaseStringUTFChars(what, text);
}

JNIEXPORT void JNICALL Java_dev_kiln_cuda_StandIn_delay(JNIEnv* env, jclass, jstring kernel, jdouble microseconds) {
  const char* text = env->GetStringUTFChars(kernel, nullptr);
  stand_in_delay(text, microseconds);
  env->ReleaseStringUTFChars(kernel, text);
}

JNIEXPORT jstring JNICALL Java_dev_kiln_cuda_StandIn_read(JNIEnv* env, jclass, jstring topic) {
  const char* text = env->GetStringUTFChars(topic, nullptr);
  std::string result = stand_in_read(text);
  env->ReleaseStringUTFChars(topic, text);
  return env->NewStringUTF(result.c_str());
}

}  // extern "C"
