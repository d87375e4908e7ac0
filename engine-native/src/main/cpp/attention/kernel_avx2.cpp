// Compiled with -mavx2 -mfma: 6 rows of queries by 2 vectors of 8 use 12 of 16 registers for sums.
#include "kernel.h"

const kiln::detail::AttentionKernel& kiln::detail::attention_avx2() { return fused_kernel<8, 6>(); }
