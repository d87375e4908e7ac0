// JNI of dev.kiln.trace.Nvtx: NVTX without a library. A profiler of NVIDIA's names its own library in the environment;
// the program loads it, passes it a table of null function pointers and calls those that it sets. Without a profiler
// there is nothing to call. The numbers below are those of NVTX 3.

#include <dlfcn.h>
#include <jni.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using Function = void (*)();

// The functions of one module, by number; there is no function 0.
template <int COUNT>
struct Module {
  Function functions[COUNT] = {};
  Function* table[COUNT + 1] = {};

  Module() {
    for (int i = 1; i < COUNT; i++) {
      table[i] = &functions[i];
    }
  }
};

Module<16> core;
Module<9> cuda_driver;
Module<15> opencl;
Module<7> cuda_runtime;
Module<16> domains;
Module<7> synchronization;

// Functions of the core module.
enum { PUSH = 9, POP = 11 };

template <int COUNT>
int provide(Module<COUNT>& module, Function*** table, unsigned* size) {
  if (size) {
    *size = COUNT;
  }
  if (table) {
    *table = module.table;
  }
  return 1;
}

int function_table(int module, Function*** table, unsigned* size) {
  switch (module) {
    case 1: return provide(core, table, size);
    case 2: return provide(cuda_driver, table, size);
    case 3: return provide(opencl, table, size);
    case 4: return provide(cuda_runtime, table, size);
    case 5: return provide(domains, table, size);
    case 6: return provide(synchronization, table, size);
    default: return 0;
  }
}

void tool_version(uint32_t) {}

struct Callbacks {
  size_t size;
  int (*function_table)(int, Function***, unsigned*);
};

struct Version {
  size_t size;
  uint32_t version;
  uint32_t reserved;
  void (*tool_version)(uint32_t);
};

const Callbacks callbacks = {sizeof(Callbacks), function_table};
const Version version = {sizeof(Version), 3, 0, tool_version};

const void* export_table(uint32_t id) {
  switch (id) {
    case 1: return &callbacks;
    case 3: return &version;
    default: return nullptr;
  }
}

using Initialise = int (*)(const void* (*)(uint32_t));

Initialise find_tool() {
  const char* path = std::getenv("NVTX_INJECTION64_PATH");
  if (path) {
    void* library = dlopen(path, RTLD_LAZY);
    return library ? reinterpret_cast<Initialise>(dlsym(library, "InitializeInjectionNvtx2")) : nullptr;
  }
  // A preloaded tool.
  return reinterpret_cast<Initialise>(dlsym(RTLD_DEFAULT, "InitializeInjectionNvtx2Preinject"));
}

bool is_set(int function) { return core.functions[function] != nullptr; }

}  // namespace

extern "C" {

JNIEXPORT jboolean JNICALL Java_dev_kiln_trace_Nvtx_attach(JNIEnv*, jclass) {
  Initialise initialise = find_tool();
  return initialise && initialise(export_table) && is_set(PUSH) && is_set(POP);
}

JNIEXPORT void JNICALL Java_dev_kiln_trace_Nvtx_push(JNIEnv* env, jclass, jstring name) {
  const char* text = env->GetStringUTFChars(name, nullptr);
  if (text) {
    reinterpret_cast<int (*)(const char*)>(core.functions[PUSH])(text);
    env->ReleaseStringUTFChars(name, text);
  }
}

JNIEXPORT void JNICALL Java_dev_kiln_trace_Nvtx_pop(JNIEnv*, jclass) {
  reinterpret_cast<int (*)()>(core.functions[POP])();
}

}  // extern "C"
