// What matrix products on the CPU store.
#pragma once

namespace kiln {

// What a matrix product stores: the product, GELU (erf form) of it, or its sum with the previous contents of the
// output.
enum class MatmulEpilogue { store = 0, gelu = 1, accumulate = 2 };

}  // namespace kiln
