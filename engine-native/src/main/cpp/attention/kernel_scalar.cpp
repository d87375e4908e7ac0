// The reference: the definition, one query at a time, with scores in memory and sums in double precision.
#include <algorithm>
#include <cmath>

#include "attention.h"

namespace {

size_t scratch(const kiln::AttentionArguments& a) { return a.keys; }

void pack(const kiln::AttentionArguments&, int, float*) {}

void block(const kiln::AttentionArguments& a, int head, int first, int queries, float* scores) {
  const size_t column = static_cast<size_t>(head) * a.head_size;
  for (int i = first; i < first + queries; i++) {
    const float* query = a.query + i * a.query_stride + column;
    float highest = -INFINITY;
    for (int j = 0; j < a.keys; j++) {
      const float* key = a.key + j * a.key_stride + column;
      double score = 0;
      for (int k = 0; k < a.head_size; k++) {
        score += static_cast<double>(query[k]) * key[k];
      }
      scores[j] = static_cast<float>(score);
      highest = std::max(highest, scores[j]);
    }
    double total = 0;
    for (int j = 0; j < a.keys; j++) {
      scores[j] = std::exp(scores[j] - highest);
      total += scores[j];
    }
    float* out = a.out + i * a.out_stride + column;
    for (int d = 0; d < a.head_size; d++) {
      double sum = 0;
      for (int j = 0; j < a.keys; j++) {
        sum += static_cast<double>(scores[j]) * a.value[j * a.key_stride + column + d];
      }
      out[d] = static_cast<float>(sum / total);
    }
  }
}

}  // namespace

const kiln::detail::AttentionKernel& kiln::detail::attention_scalar() {
  static const AttentionKernel kernel = {16, scratch, pack, block};
  return kernel;
}
