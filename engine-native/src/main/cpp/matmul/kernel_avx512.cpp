// Compiled with -mavx512f -mfma.
#include "kernel.h"

const kiln::detail::MatmulKernel& kiln::detail::matmul_avx512() { return packed_product<16, 12>(); }
