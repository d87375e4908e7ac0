// The arguments of attention on the CPU.
#pragma once

#include <cstddef>

namespace kiln {

// Rows of queries, keys and values; the values of one head are consecutive, the heads follow one another. The scale of
// the scores is expected in the queries.
template <typename T>
struct AttentionArguments {
  const T* query;       // [queries, heads · head_size]
  const T* key;         // [keys, heads · head_size]
  const T* value;       // [keys, heads · head_size]
  T* out;               // [queries, heads · head_size]
  size_t query_stride;  // elements from one row of queries to the next
  size_t key_stride;    // the same of keys and of values
  size_t out_stride;    // the same of the output
  int queries;
  int keys;
  int heads;
  int head_size;
};

}  // namespace kiln
