// The encoder's kernels, compiled for the host: for dev.kiln.cuda.HostKernels and the stand-in for CUDA.
#include "device.h"

#include "encoder.cu"
#include "host_kernels.h"

namespace {

template <typename T>
T at(const long long* arguments, int i) {
  return reinterpret_cast<T>(arguments[i]);
}

int count(const long long* arguments, int i) { return static_cast<int>(arguments[i]); }

using ProductKernel = void (*)(const bf16*, long long, const bf16*, int, int, int, const float*, void*, long long, int);

void run_product(ProductKernel kernel, const long long* a) {
  kernel(at<const bf16*>(a, 0), a[1], at<const bf16*>(a, 2), count(a, 3), count(a, 4), count(a, 5),
         at<const float*>(a, 6), at<void*>(a, 7), a[8], count(a, 9));
}

using NormKernel = void (*)(const float*, long long, const float*, const float*, void*, int, int);

void run_norm(NormKernel kernel, const long long* a) {
  kernel(at<const float*>(a, 0), a[1], at<const float*>(a, 2), at<const float*>(a, 3), at<void*>(a, 4), count(a, 5),
         count(a, 6));
}

using AttentionKernel = void (*)(const bf16*, bf16*, int, int, int);

void run_attention(AttentionKernel kernel, const long long* a) {
  kernel(at<const bf16*>(a, 0), at<bf16*>(a, 1), count(a, 2), count(a, 3), count(a, 4));
}

}  // namespace

bool run_encoder_kernel(const char* name, const int* blocks, int threads, int shared_bytes, const long long* a) {
  std::function<void()> kernel;
  auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
  if (is("kiln_product")) {
    kernel = [a] { run_product(kiln_product, a); };
  } else if (is("kiln_product_gelu")) {
    kernel = [a] { run_product(kiln_product_gelu, a); };
  } else if (is("kiln_product_add")) {
    kernel = [a] { run_product(kiln_product_add, a); };
  } else if (is("kiln_norm")) {
    kernel = [a] { run_norm(kiln_norm, a); };
  } else if (is("kiln_norm_wide")) {
    kernel = [a] { run_norm(kiln_norm_wide, a); };
  } else if (is("kiln_attention_16")) {
    kernel = [a] { run_attention(kiln_attention_16, a); };
  } else if (is("kiln_attention_32")) {
    kernel = [a] { run_attention(kiln_attention_32, a); };
  } else if (is("kiln_attention_48")) {
    kernel = [a] { run_attention(kiln_attention_48, a); };
  } else if (is("kiln_attention_64")) {
    kernel = [a] { run_attention(kiln_attention_64, a); };
  } else if (is("kiln_gelu")) {
    kernel = [a] { kiln_gelu(at<bf16*>(a, 0), at<const float*>(a, 1), count(a, 2), count(a, 3)); };
  } else if (is("kiln_vectors")) {
    kernel = [a] {
      kiln_vectors(at<const float*>(a, 0), at<float*>(a, 1), count(a, 2), count(a, 3), count(a, 4), count(a, 5));
    };
  } else if (is("kiln_tokens")) {
    kernel = [a] {
      kiln_tokens(at<float*>(a, 0), at<const float*>(a, 1), at<const float*>(a, 2), at<const float*>(a, 3),
                  at<const float*>(a, 4), at<const float*>(a, 5), count(a, 6), count(a, 7));
    };
  } else {
    return false;
  }
  simt::run_grid(blocks, threads, shared_bytes, kernel);
  return true;
}
