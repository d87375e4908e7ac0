// NVTX without a library: NVIDIA's profilers put one of their own into the process and name it in the environment;
// the program loads it, hands it a table of empty function pointers and calls those that it fills in. Without a
// profiler there is nothing to call. The numbers below are NVTX 3's.

#include <dlfcn.h>
#include <jni.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using Function = void (*)();

// The functions of one module, by number; number 0 is none.
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
Module<7> synchronisation;

// Of the first module.
enum { PUSH = 9, POP = 11 };

template <int COUNT>
int give(Module<COUNT>& module, Function*** table, unsigned* size) {
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
    case 1: return give(core, table, size);
    case 2: return give(cuda_driver, table, size);
    case 3: return give(opencl, table, size);
    case 4: return give(cuda_runtime, table, size);
    case 5: return give(domains, table, size);
    case 6: return give(synchronisation, table, size);
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
  // A tool that was preloaded.
  return reinterpret_cast<Initialise>(dlsym(RTLD_DEFAULT, "InitializeInjectionNvtx2Preinject"));
}

bool is_there(int function) { return core.functions[function] != nullptr; }

}  // namespace

extern "C" {

JNIEXPORT jboolean JNICALL Java_dev_kiln_trace_Nvtx_attach(JNIEnv*, jclass) {
  Initialise initialise = find_tool();
  return initialise && initialise(export_table) && is_there(PUSH) && is_there(POP);
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
