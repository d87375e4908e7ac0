// Matrix products of a transformer on the CPU in float32, with weights packed once.
#pragma once

#include <cstddef>

#include "../simd/instructions.h"
#include "epilogue.h"

namespace kiln {

// One call: out = epilogue(in · W + bias). Rows of `in` and `out` are float32.
struct MatmulArguments {
  const float* in;       // [rows, inner]
  const float* weights;  // packed by pack_weights for the implementation
  const float* bias;     // [columns], or null
  float* out;            // [rows, columns]
  size_t in_stride;      // elements from one row of the input to the next
  size_t out_stride;     // the same of the output
  int rows;
  int inner;
  int columns;
  MatmulEpilogue epilogue;
};

// Returns the number of floats of weights that are packed for an implementation.
size_t packed_size(int inner, int columns, Isa isa);

// Packs weights [inner, columns] into panels [columns / panel][inner][panel], the last one filled up with zeros. The
// width of a panel depends on the implementation.
void pack_weights(const float* weights, int inner, int columns, float* packed, Isa isa);

// Computes a product. Every output is computed by one thread in a fixed order, so the bytes of the result do not depend
// on the number of threads, and those of a row not on the other rows. Returns false if there is no memory for the
// scratch, or the CPU lacks the instructions.
bool matmul(const MatmulArguments& arguments, int threads, Isa isa);

namespace detail {

// A rectangle of the output.
struct Rectangle {
  int first_row;
  int rows;
  int first_column;  // of a panel
  int columns;
};

struct MatmulKernel {
  int panel;       // columns that are packed together
  size_t scratch;  // floats per thread
  void (*compute)(const MatmulArguments&, const Rectangle&, float* scratch);
};

const MatmulKernel& matmul_portable();
const MatmulKernel& matmul_avx2();
const MatmulKernel& matmul_avx512();

}  // namespace detail
}  // namespace kiln
