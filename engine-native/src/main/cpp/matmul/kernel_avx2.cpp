// Compiled with -mavx2 -mfma.
#include "kernel.h"

const kiln::detail::MatmulKernel& kiln::detail::matmul_avx2() { return packed_product<8, 6>(); }
