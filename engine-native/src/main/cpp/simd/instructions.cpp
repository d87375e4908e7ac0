#include "instructions.h"

kiln::Isa kiln::fastest_isa() {
  if (__builtin_cpu_supports("avx512f")) {
    return Isa::avx512;
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Isa::avx2 : Isa::portable;
}
