// A profiler for tests: writes the NVTX ranges that it receives to the file in NVTX_TEST_LOG.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

std::FILE* log_file;

int push(const char* name) {
  std::fprintf(log_file, "push %s\n", name);
  std::fflush(log_file);
  return 0;
}

int pop() {
  std::fprintf(log_file, "pop\n");
  std::fflush(log_file);
  return 0;
}

struct Callbacks {
  std::size_t size;
  int (*function_table)(int, void (****)(), unsigned*);
};

}  // namespace

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    const void* (*export_table)(std::uint32_t)) {
  const char* path = std::getenv("NVTX_TEST_LOG");
  log_file = path ? std::fopen(path, "w") : nullptr;
  const auto* callbacks = static_cast<const Callbacks*>(export_table(1));
  if (!log_file || !callbacks || !export_table(3)) {
    return 0;
  }
  void (***table)() = nullptr;
  unsigned size = 0;
  if (!callbacks->function_table(1, &table, &size) || size != 16 || table[0] || table[16]) {
    return 0;
  }
  *table[9] = reinterpret_cast<void (*)()>(push);
  *table[11] = reinterpret_cast<void (*)()>(pop);
  return callbacks->function_table(99, &table, &size) == 0;
}
