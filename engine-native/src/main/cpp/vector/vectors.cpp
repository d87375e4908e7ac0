#include "vectors.h"

namespace kiln {

VectorIsa vector_isa() {
  if (__builtin_cpu_supports("avx512f")) {
    return VectorIsa::avx512;
  }
  return __builtin_cpu_supports("avx2") ? VectorIsa::avx2 : VectorIsa::baseline;
}

bool vector_products(const float* vectors, size_t rows, size_t dim, const float* query, float* dots, float* norms,
                     VectorIsa isa) {
  if (isa > vector_isa()) {
    return false;
  }
  const detail::VectorProducts products = isa == VectorIsa::avx512 ? detail::vector_products_avx512
                                          : isa == VectorIsa::avx2 ? detail::vector_products_avx2
                                                                   : detail::vector_products_baseline;
  products(vectors, rows, dim, query, dots, norms);
  return true;
}

int32_t code_product(const int8_t* a, const int8_t* b, size_t dim) {
  static const detail::CodeProduct product =
      vector_isa() >= VectorIsa::avx2 ? detail::code_product_avx2 : detail::code_product_baseline;
  return product(a, b, dim);
}

}  // namespace kiln
