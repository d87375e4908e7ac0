// Compiled for CPUs with AMX-BF16, which also have AVX512-BF16 for everything but the products.
#include "kernel.h"
#include "tiles_amx.h"

const kiln::detail::Bf16Kernel& kiln::detail::bf16_amx() { return bf16_kernel<AmxTiles>(); }
