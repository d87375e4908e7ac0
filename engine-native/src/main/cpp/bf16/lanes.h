// Vectors of 16 values. Each translation unit that includes it is compiled for other instructions, so everything is in
// an unnamed namespace; GCC splits the vectors where the CPU's are smaller. Compile with -ffp-contract=fast.
#pragma once

#include <cstdint>
#include <cstring>

#include "../simd/vectors.h"

namespace kiln {
namespace {

constexpr int kLanes = 16;

using Floats = Vectors<kLanes>::Vector;
typedef int32_t Integers __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t LooseHalves __attribute__((vector_size(32), aligned(2), may_alias));

// The first `count` values; the others are 0.
inline Floats load(const float* at, int count) {
  if (count >= kLanes) {
    return load<kLanes>(at);
  }
  Floats value = {};
  std::memcpy(&value, at, count * sizeof(float));
  return value;
}

inline void store(float* at, Floats value, int count) {
  if (count >= kLanes) {
    store(at, value);
  } else {
    std::memcpy(at, &value, count * sizeof(float));
  }
}

inline float widen(uint16_t value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

inline Floats widen(const uint16_t* at) {
  const Halves halves = *reinterpret_cast<const LooseHalves*>(at);
  return reinterpret_cast<Floats>(__builtin_convertvector(halves, Integers) << 16);
}

// Rounds to bfloat16: to nearest, ties to even.
inline Halves narrow(Floats value) {
#if defined(__AVX512BF16__)
  return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(value)));
#else
  const Integers bits = reinterpret_cast<Integers>(value);
  return __builtin_convertvector((bits + 0x7fff + ((bits >> 16) & 1)) >> 16, Halves);
#endif
}

// Stores the first `count` values in bfloat16.
inline void store(uint16_t* at, Floats value, int count = kLanes) {
  const Halves halves = narrow(value);
  if (count >= kLanes) {
    *reinterpret_cast<LooseHalves*>(at) = halves;
  } else {
    std::memcpy(at, &halves, count * sizeof(uint16_t));
  }
}

// 2^x for x <= 0 with a relative error of 3e-6, a thousandth of a rounding to bfloat16; 2^-126 below -126.
inline Floats coarse_power_of_two(Floats x) {
  x = larger(x, broadcast<kLanes>(-126.0f));
  const float magic = 12582912.0f;  // adding 1.5 · 2^23 rounds to the nearest integer
  const Floats shifted = x + magic;
  const Floats f = x - (shifted - magic);
  Floats p = f * 0.009582852867f + 0.055906424925f;
  p = p * f + 0.240240986167f;
  p = p * f + 0.693124193359f;
  p = p * f + 1.0f;
  return reinterpret_cast<Floats>(reinterpret_cast<Integers>(p) + (reinterpret_cast<Integers>(shifted) << 23));
}

// x · Φ(x) with an error of 7e-5, or 2e-6 · |x| if that is more. Φ(x) - 1/2 is an odd polynomial up to 4.2, fitted so
// that it is 1/2 there.
inline Floats gelu(Floats x) {
  const Floats limit = broadcast<kLanes>(4.2f);
  const Floats c = smaller(larger(x, -limit), limit);
  const Floats u = c * c;
  Floats p = u * 7.364962806e-11f - 6.688367342e-9f;
  p = p * u + 2.681002297e-7f;
  p = p * u - 6.337671039e-6f;
  p = p * u + 1.002569472e-4f;
  p = p * u - 1.146427220e-3f;
  p = p * u + 9.929904080e-3f;
  p = p * u - 6.650515525e-2f;
  p = p * u + 3.989746787e-1f;
  return x * (c * p + 0.5f);
}

}  // namespace
}  // namespace kiln
