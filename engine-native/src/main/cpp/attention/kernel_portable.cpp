// Compiled for any x86-64 CPU, to test the code of AVX-512 on CPUs without it.
#include "kernel.h"

const kiln::detail::AttentionKernel& kiln::detail::attention_portable() { return fused_kernel<16, 12>(); }
