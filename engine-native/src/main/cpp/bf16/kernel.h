// The functions of one implementation: included by one source per block product.
#pragma once

#include "attention.h"
#include "matmul.h"
#include "norm.h"

namespace kiln {
namespace {

template <typename Tiles>
const detail::Bf16Kernel& bf16_kernel() {
  using Attention = Bf16Attention<Tiles>;
  using Matmul = Bf16Matmul<Tiles>;
  static const detail::Bf16Kernel kernel = {Tiles::begin,     Tiles::end,      Attention::scratch, Attention::pack,
                                            Attention::block, Matmul::scratch, Matmul::compute,    bf16_norm_rows};
  return kernel;
}

}  // namespace
}  // namespace kiln
