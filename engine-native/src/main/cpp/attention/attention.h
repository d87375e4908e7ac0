// Fused attention of a transformer block on the CPU: softmax(Q·Kᵀ)·V without scores in memory.
#pragma once

#include <cstddef>

#include "../simd/instructions.h"
#include "arguments.h"

namespace kiln {

// Computes attention. Every output is computed by one thread in a fixed order, so the bytes of the result do not depend
// on the number of threads. Returns false if there is no memory for the scratch, or the CPU lacks the instructions.
bool attention(const AttentionArguments<float>& arguments, int threads, Isa isa);

namespace detail {

// Scratch of one thread in floats.
using ScratchSize = size_t (*)(const AttentionArguments<float>&);
// Packs the keys and values of one head into the scratch.
using Pack = void (*)(const AttentionArguments<float>&, int head, float* scratch);
// Computes one block of queries of the packed head.
using Block = void (*)(const AttentionArguments<float>&, int head, int first_query, int queries, float* scratch);

struct AttentionKernel {
  int block_queries;  // queries in a block
  ScratchSize scratch;
  Pack pack;
  Block block;
};

const AttentionKernel& attention_portable();
const AttentionKernel& attention_avx2();
const AttentionKernel& attention_avx512();

}  // namespace detail
}  // namespace kiln
