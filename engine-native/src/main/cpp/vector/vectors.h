// Norms and dot products of float32 vectors on the CPU.
#pragma once

#include <cstddef>

namespace kiln {

// Instructions of an implementation, the fastest last.
enum class VectorIsa { baseline = 0, avx2 = 1, avx512 = 2 };

// Returns the fastest implementation that this CPU supports.
VectorIsa vector_isa();

// Computes dots[i] = vectors[i] · query and norms[i] = sqrt(vectors[i] · vectors[i]) for rows vectors of dim values
// each. Either output can be null. Sums have a fixed order that does not depend on the instructions: all
// implementations return the same bytes. Returns false if the CPU lacks the instructions.
bool vector_products(const float* vectors, size_t rows, size_t dim, const float* query, float* dots, float* norms,
                     VectorIsa isa);

namespace detail {

using VectorProducts = void (*)(const float* vectors, size_t rows, size_t dim, const float* query, float* dots,
                                float* norms);

void vector_products_baseline(const float*, size_t, size_t, const float*, float*, float*);
void vector_products_avx2(const float*, size_t, size_t, const float*, float*, float*);
void vector_products_avx512(const float*, size_t, size_t, const float*, float*, float*);

}  // namespace detail
}  // namespace kiln
