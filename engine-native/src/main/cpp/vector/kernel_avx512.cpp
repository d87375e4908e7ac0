#include "kernel.h"

void kiln::detail::vector_products_avx512(const float* vectors, size_t rows, size_t dim, const float* query,
                                          float* dots, float* norms) {
  products(vectors, rows, dim, query, dots, norms);
}
