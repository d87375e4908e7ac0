// Compiled for CPUs with AVX512-BF16.
#include "kernel.h"
#include "tiles_avx512.h"

const kiln::detail::Bf16Kernel& kiln::detail::bf16_avx512() { return bf16_kernel<Avx512Tiles>(); }
