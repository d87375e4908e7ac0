// The stand-in's libnvrtc.so.13: makes images that its libcudart loads, from any source without "#error" in it.
#include <cctype>
#include <cstdint>
#include <cstring>
#include <string>

#include "stand_in.h"

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = stand_in::enter(__func__)) return code

namespace {

constexpr int INVALID_PROGRAM = 4;
constexpr int INVALID_OPTION = 5;
constexpr int COMPILATION = 6;

struct Program {
  std::string source;
  std::string image;
  std::string log;
};

Program* program(void* handle) {
  return stand_in::require("program", handle) ? static_cast<Program*>(handle) : nullptr;
}

// The words of the source, each between two zeros, like names in an ELF file, and names that macros create.
std::string image_of(const std::string& source) {
  std::string names(1, '\0');
  std::string word;
  for (char c : source + ' ') {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else if (!word.empty()) {
      names += word + '\0';
      word.clear();
    }
  }
  for (const char* head : {"16", "32", "48", "64"}) {
    names += std::string("kiln_attention_") + head + '\0';
  }
  std::string image = "\177ELFKILN";
  std::uint64_t size = 16 + names.size();
  image.append(reinterpret_cast<const char*>(&size), 8);
  return image + names;
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 3;
  START;
  return 0;
}

const char* nvrtcGetErrorString(int code) {
  LOCK;
  stand_in::enter(__func__);
  return code == COMPILATION ? "NVRTC_ERROR_COMPILATION" : code == 0 ? "NVRTC_SUCCESS" : "NVRTC_ERROR";
}

int nvrtcCreateProgram(void** made, const char* source, const char*, int headers, const char* const*,
                       const char* const*) {
  START;
  if (headers != 0) {
    stand_in::violation("nvrtcCreateProgram: expected no headers");
  }
  auto* created = new Program{source, "", ""};
  stand_in::created("program", created);
  *made = created;
  return 0;
}

int nvrtcCompileProgram(void* handle, int count, const char* const* options) {
  START;
  Program* of = program(handle);
  if (of == nullptr) {
    return INVALID_PROGRAM;
  }
  bool architecture = false;
  for (int i = 0; i < count; i++) {
    architecture |= std::strncmp(options[i], "--gpu-architecture=sm_", 22) == 0;
  }
  if (!architecture) {
    return INVALID_OPTION;
  }
  if (of->source.find("#error") != std::string::npos) {
    of->log = "error: #error directive";
    return COMPILATION;
  }
  of->image = image_of(of->source);
  return 0;
}

int nvrtcGetProgramLogSize(void* handle, std::size_t* size) {
  START;
  Program* of = program(handle);
  *size = of == nullptr ? 0 : of->log.size() + 1;
  return of == nullptr ? INVALID_PROGRAM : 0;
}

int nvrtcGetProgramLog(void* handle, char* log) {
  START;
  Program* of = program(handle);
  if (of == nullptr) {
    return INVALID_PROGRAM;
  }
  std::memcpy(log, of->log.c_str(), of->log.size() + 1);
  return 0;
}

int nvrtcGetCUBINSize(void* handle, std::size_t* size) {
  START;
  Program* of = program(handle);
  *size = of == nullptr ? 0 : of->image.size();
  return of == nullptr ? INVALID_PROGRAM : 0;
}

int nvrtcGetCUBIN(void* handle, char* image) {
  START;
  Program* of = program(handle);
  if (of == nullptr) {
    return INVALID_PROGRAM;
  }
  std::memcpy(image, of->image.data(), of->image.size());
  return 0;
}

int nvrtcDestroyProgram(void** handle) {
  START;
  bool known = stand_in::destroyed("program", *handle);
  *handle = nullptr;
  return known ? 0 : INVALID_PROGRAM;
}

}  // extern "C"
