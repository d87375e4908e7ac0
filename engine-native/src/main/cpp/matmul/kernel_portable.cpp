// Compiled for any x86-64 CPU, to test the code of AVX-512 on CPUs without it.
#include "kernel.h"

const kiln::detail::MatmulKernel& kiln::detail::matmul_portable() { return packed_product<16, 12>(); }
