#include "kernel.h"

void kiln::detail::vector_products_portable(const float* vectors, size_t rows, size_t dim, const float* query,
                                            float* dots, float* norms) {
  products(vectors, rows, dim, query, dots, norms);
}

int32_t kiln::detail::code_product_portable(const int8_t* a, const int8_t* b, size_t dim) {
  int32_t sum = 0;
  for (size_t i = 0; i < dim; i++) {
    sum += static_cast<int32_t>(a[i]) * b[i];
  }
  return sum;
}
