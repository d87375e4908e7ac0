// Norms and dot products of float32 vectors on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../simd/instructions.h"

namespace kiln {

// Computes dots[i] = vectors[i] · query and norms[i] = sqrt(vectors[i] · vectors[i]) for rows vectors of dim values
// each. Either output can be null. Sums have a fixed order that does not depend on the instructions: all
// implementations return the same bytes. Returns false if the CPU lacks the instructions.
bool vector_products(const float* vectors, size_t rows, size_t dim, const float* query, float* dots, float* norms,
                     Isa isa);

// Returns the dot product of two vectors of signed bytes, exactly; dim is at most 100,000. Uses the fastest
// instructions that this CPU supports.
int32_t code_product(const int8_t* a, const int8_t* b, size_t dim);

namespace detail {

using VectorProducts = void (*)(const float* vectors, size_t rows, size_t dim, const float* query, float* dots,
                                float* norms);

void vector_products_portable(const float*, size_t, size_t, const float*, float*, float*);
void vector_products_avx2(const float*, size_t, size_t, const float*, float*, float*);
void vector_products_avx512(const float*, size_t, size_t, const float*, float*, float*);

using CodeProduct = int32_t (*)(const int8_t* a, const int8_t* b, size_t dim);

int32_t code_product_portable(const int8_t* a, const int8_t* b, size_t dim);
int32_t code_product_avx2(const int8_t* a, const int8_t* b, size_t dim);

}  // namespace detail
}  // namespace kiln
