// The kernels of attention_sm90.cu, compiled for the host.
#include "device.h"

#include "simt_sm90.h"

#include "attention_sm90.cu"
#include "host_kernels.h"

bool run_attention_kernel(const char* name, const int* blocks, int threads, int shared_bytes, const long long* a) {
  if (std::strcmp(name, "kiln_attention_64_sm90") != 0) {
    return false;
  }
  auto* qkv = reinterpret_cast<const bf16*>(a[0]);
  auto* out = reinterpret_cast<bf16*>(a[1]);
  simt::run_grid(blocks, threads, shared_bytes,
                 [=] { kiln_attention_64_sm90(qkv, out, static_cast<int>(a[2]), static_cast<int>(a[3])); });
  return true;
}
