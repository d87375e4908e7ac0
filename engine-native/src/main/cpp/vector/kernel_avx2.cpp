#include <immintrin.h>

#include "kernel.h"

void kiln::detail::vector_products_avx2(const float* vectors, size_t rows, size_t dim, const float* query, float* dots,
                                        float* norms) {
  products(vectors, rows, dim, query, dots, norms);
}

namespace {

// 16 signed bytes as 16-bit integers.
inline __m256i widen(const int8_t* at) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

}  // namespace

int32_t kiln::detail::code_product_avx2(const int8_t* a, const int8_t* b, size_t dim) {
  __m256i sums0 = _mm256_setzero_si256();
  __m256i sums1 = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 32 <= dim; i += 32) {
    sums0 = _mm256_add_epi32(sums0, _mm256_madd_epi16(widen(a + i), widen(b + i)));
    sums1 = _mm256_add_epi32(sums1, _mm256_madd_epi16(widen(a + i + 16), widen(b + i + 16)));
  }
  const __m256i sums = _mm256_add_epi32(sums0, sums1);
  const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  alignas(16) int32_t parts[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(parts), half);
  int32_t sum = parts[0] + parts[1] + parts[2] + parts[3];
  for (; i < dim; i++) {
    sum += static_cast<int32_t>(a[i]) * b[i];
  }
  return sum;
}
