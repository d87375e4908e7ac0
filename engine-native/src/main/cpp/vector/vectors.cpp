#include "vectors.h"

namespace kiln {

bool vector_products(const float* vectors, size_t rows, size_t dim, const float* query, float* dots, float* norms,
                     Isa isa) {
  if (isa > fastest_isa()) {
    return false;
  }
  const detail::VectorProducts products = isa == Isa::avx512 ? detail::vector_products_avx512
                                          : isa == Isa::avx2 ? detail::vector_products_avx2
                                                             : detail::vector_products_portable;
  products(vectors, rows, dim, query, dots, norms);
  return true;
}

int32_t code_product(const int8_t* a, const int8_t* b, size_t dim) {
  static const detail::CodeProduct product =
      fastest_isa() >= Isa::avx2 ? detail::code_product_avx2 : detail::code_product_portable;
  return product(a, b, dim);
}

}  // namespace kiln
