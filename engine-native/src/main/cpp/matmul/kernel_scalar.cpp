// The reference: the definition, with sums in double precision.
#include <cmath>

#include "matmul.h"

namespace {

void compute(const kiln::MatmulArguments& a, const kiln::detail::Rectangle& part, float*) {
  for (int row = part.first_row; row < part.first_row + part.rows; row++) {
    const float* in = a.in + row * a.in_stride;
    float* out = a.out + row * a.out_stride;
    for (int column = part.first_column; column < part.first_column + part.columns; column++) {
      const int panel = column / kiln::kPanelColumns * kiln::kPanelColumns;
      const float* weights = a.weights + static_cast<size_t>(panel) * a.inner + (column - panel);
      double sum = a.bias != nullptr ? a.bias[column] : 0;
      for (int k = 0; k < a.inner; k++) {
        sum += static_cast<double>(in[k]) * weights[static_cast<size_t>(k) * kiln::kPanelColumns];
      }
      switch (a.epilogue) {
        case kiln::MatmulEpilogue::store: out[column] = static_cast<float>(sum); break;
        case kiln::MatmulEpilogue::gelu:
          out[column] = static_cast<float>(sum * 0.5 * (1 + std::erf(sum * M_SQRT1_2)));
          break;
        case kiln::MatmulEpilogue::accumulate: out[column] = static_cast<float>(out[column] + sum); break;
      }
    }
  }
}

}  // namespace

const kiln::detail::MatmulKernel& kiln::detail::matmul_scalar() {
  static const MatmulKernel kernel = {0, compute};
  return kernel;
}
