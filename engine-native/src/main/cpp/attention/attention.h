// Fused attention of a transformer block on the CPU: softmax(Q·Kᵀ)·V without scores in memory.
#pragma once

#include <cstddef>

#include "../simd/instructions.h"

namespace kiln {

// One call. Queries, keys and values are float32 rows; the values of one head are consecutive, the heads follow one
// another. The scale of the scores is expected in the queries.
struct AttentionArguments {
  const float* query;   // [queries, heads · head_size]
  const float* key;     // [keys, heads · head_size]
  const float* value;   // [keys, heads · head_size]
  float* out;           // [queries, heads · head_size]
  size_t query_stride;  // elements from one row of queries to the next
  size_t key_stride;    // the same of keys and of values
  size_t out_stride;    // the same of the output
  int queries;
  int keys;
  int heads;
  int head_size;
};

// Computes attention. Every output is computed by one thread in a fixed order, so the bytes of the result do not depend
// on the number of threads. Returns false if there is no memory for the scratch, or the CPU lacks the instructions.
bool attention(const AttentionArguments& arguments, int threads, Isa isa);

namespace detail {

// Scratch of one thread in floats.
using ScratchSize = size_t (*)(const AttentionArguments&);
// Packs the keys and values of one head into the scratch.
using Pack = void (*)(const AttentionArguments&, int head, float* scratch);
// Computes one block of queries of the packed head.
using Block = void (*)(const AttentionArguments&, int head, int first_query, int queries, float* scratch);

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
