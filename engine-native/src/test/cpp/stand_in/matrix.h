// Matrix products of the stand-in, column by column as cuBLAS has them.
#pragma once

#include <cstdint>
#include <cstring>

namespace stand_in {

constexpr int FLOAT = 0;      // CUDA_R_32F
constexpr int BFLOAT16 = 14;  // CUDA_R_16BF

// Maximum number of multiplications. Larger products are recorded but not computed: rehearsals time 8192 × 8192.
constexpr double MAX_WORK = 1e9;

inline float load(const void* matrix, int type, long long at) {
  if (type == FLOAT) {
    return static_cast<const float*>(matrix)[at];
  }
  std::uint32_t bits = static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(matrix)[at]) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline void store(void* matrix, int type, long long at, float value) {
  if (type == FLOAT) {
    static_cast<float*>(matrix)[at] = value;
    return;
  }
  std::uint32_t bits;
  std::memcpy(&bits, &value, 4);
  bits += 0x7FFF + (bits >> 16 & 1);
  static_cast<std::uint16_t*>(matrix)[at] = static_cast<std::uint16_t>(bits >> 16);
}

inline int bytes_of(int type) { return type == FLOAT ? 4 : 2; }

struct Matrix {
  int type;
  long long rows;
  long long columns;
  long long stride;  // from a column to the next

  long long bytes() const { return columns == 0 ? 0 : ((columns - 1) * stride + rows) * bytes_of(type); }
};

// d = a · b + beta · c + bias, where bias has one value per row of d, or is null.
inline void multiply(const Matrix& a, const void* a_data, const Matrix& b, const void* b_data, float beta,
                     const Matrix& c, const void* c_data, const float* bias, const Matrix& d, void* d_data) {
  if (static_cast<double>(d.rows) * d.columns * a.columns > MAX_WORK) {
    return;
  }
  float* sums = new float[d.rows];
  for (long long column = 0; column < d.columns; column++) {
    for (long long row = 0; row < d.rows; row++) {
      sums[row] = 0;
    }
    for (long long k = 0; k < a.columns; k++) {
      float right = load(b_data, b.type, column * b.stride + k);
      for (long long row = 0; row < d.rows; row++) {
        sums[row] += load(a_data, a.type, k * a.stride + row) * right;
      }
    }
    for (long long row = 0; row < d.rows; row++) {
      float value = sums[row] + (bias == nullptr ? 0 : bias[row]);
      if (beta != 0) {
        value += beta * load(c_data, c.type, column * c.stride + row);
      }
      store(d_data, d.type, column * d.stride + row, value);
    }
  }
  delete[] sums;
}

}  // namespace stand_in
