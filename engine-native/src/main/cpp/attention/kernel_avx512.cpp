// Compiled with -mavx512f: 12 rows of queries by 2 vectors of 16 use 24 of 32 registers for sums.
#include "kernel.h"

const kiln::detail::AttentionKernel& kiln::detail::attention_avx512() { return fused_kernel<16, 12>(); }
