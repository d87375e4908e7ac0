// Compiled for every CPU.
#include "kernel.h"
#include "tiles_emulated.h"

const kiln::detail::Bf16Kernel& kiln::detail::bf16_emulated_avx512() { return bf16_kernel<EmulatedTiles<false>>(); }

const kiln::detail::Bf16Kernel& kiln::detail::bf16_emulated_amx() { return bf16_kernel<EmulatedTiles<true>>(); }
