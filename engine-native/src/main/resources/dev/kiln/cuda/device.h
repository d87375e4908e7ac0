// Device functions that Kiln's kernels of the encoder share: copies, fragments of tensor cores, lanes, bfloat16.
//
// The device's compiler gets this text in front of the kernels (dev.kiln.cuda.DeviceCode); for tests, simt.h simulates
// the same functions: threads, barriers, copies that arrive only when they are waited for, fragments lane by lane.
#ifndef KILN_DEVICE_H
#define KILN_DEVICE_H

#ifdef __CUDACC__
#define KILN_DEVICE __device__ __forceinline__
// `blocks` is the minimum number of blocks per multiprocessor that the use of registers must allow.
#define KILN_KERNEL(threads, blocks) extern "C" __global__ void __launch_bounds__(threads, blocks)
#define KILN_UNROLL _Pragma("unroll")

namespace {

KILN_DEVICE unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Starts a copy of 16 bytes to shared memory; writes zeros if there is no source.
KILN_DEVICE void copy_async(void* to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(there ? 16 : 0)
               : "memory");
}

// Ends a group of copies.
KILN_DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for all but the last N groups of this thread.
template <int N>
KILN_DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// Four 8 × 8 matrices of 16 bits; lanes 8i to 8i + 7 give the addresses of the rows of the i-th.
KILN_DEVICE void load_matrices(unsigned (&out)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
               : "r"(shared_address(row))
               : "memory");
}

// The same, each transposed.
KILN_DEVICE void load_transposed(unsigned (&out)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
               : "r"(shared_address(row))
               : "memory");
}

// sum (16 × 8) += a (16 × 16) · b (16 × 8), in the fragments of mma.m16n8k16.
KILN_DEVICE void multiply(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Returns the value of the lane whose number differs in these bits.
KILN_DEVICE float exchange(float value, int bits) { return __shfl_xor_sync(0xFFFFFFFFu, value, bits); }

KILN_DEVICE unsigned bits_of(float value) { return __float_as_uint(value); }

KILN_DEVICE float float_of(unsigned bits) { return __uint_as_float(bits); }

// Rounds two adjacent values to the nearest bfloat16, ties to even.
KILN_DEVICE unsigned pair(float low, float high) {
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
}

// Returns 2 to the power of x, with an error of 2 units in the last place; 0 for large negative x.
KILN_DEVICE float power_of_2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

// Returns 1 / x, with an error of 1 unit in the last place.
KILN_DEVICE float reciprocal(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

KILN_DEVICE char* shared_memory() {
  extern __shared__ uint4 kiln_shared[];
  return reinterpret_cast<char*>(kiln_shared);
}

}  // namespace
#else
#include "simt.h"
#endif

namespace {

using bf16 = unsigned short;

constexpr int LANES = 32;

// 2 to the power of its difference from any score of attention is 0.
constexpr float LEAST = -3e38f;

KILN_DEVICE float sum_of_warp(float value) {
  for (int bits = LANES / 2; bits > 0; bits /= 2) {
    value += exchange(value, bits);
  }
  return value;
}

KILN_DEVICE float product_of_pairs(unsigned a, unsigned b) {
  return float_of(a << 16) * float_of(b << 16) + float_of(a & 0xFFFF0000u) * float_of(b & 0xFFFF0000u);
}

}  // namespace

#endif
