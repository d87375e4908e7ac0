// Instruction sets of the implementations in float32.
#pragma once

namespace kiln {

// The fastest last. Portable is what every x86-64 CPU has.
enum class Isa { portable = 0, avx2 = 1, avx512 = 2 };

// Returns the fastest that this CPU and its operating system support. AVX2 includes FMA; AVX-512 is its Foundation.
Isa fastest_isa();

}  // namespace kiln
