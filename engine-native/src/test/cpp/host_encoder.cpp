// Kiln's forward pass, compiled for the processor (dev.kiln.cuda.HostKernels). Built once for each HEAD.
#include "encoder.cu"

#define KILN_JOIN2(a, b) a##b
#define KILN_JOIN(a, b) KILN_JOIN2(a, b)

namespace {

template <typename T>
T at(const long long* arguments, int i) {
  return reinterpret_cast<T>(arguments[i]);
}

int count(const long long* arguments, int i) { return static_cast<int>(arguments[i]); }

using ProductKernel = void (*)(const bf16*, long long, const bf16*, int, int, int, const float*, void*, long long, int);

void run_product(ProductKernel kernel, const long long* a) {
  kernel(at<const bf16*>(a, 0), a[1], at<const bf16*>(a, 2), count(a, 3), count(a, 4), count(a, 5), at<const float*>(a, 6),
         at<void*>(a, 7), a[8], count(a, 9));
}

using NormKernel = void (*)(const float*, long long, const float*, const float*, void*, int, int);

void run_norm(NormKernel kernel, const long long* a) {
  kernel(at<const float*>(a, 0), a[1], at<const float*>(a, 2), at<const float*>(a, 3), at<void*>(a, 4), count(a, 5),
         count(a, 6));
}

}  // namespace

// Runs a kernel over a grid; arguments as a launch has them. Returns whether there is one of that name.
extern "C" bool KILN_JOIN(kiln_run_, HEAD)(const char* name, const int* blocks, int threads, int shared_bytes,
                                           const long long* a) {
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
  } else if (is("kiln_attention")) {
    kernel = [a] { kiln_attention(at<const bf16*>(a, 0), at<bf16*>(a, 1), count(a, 2), count(a, 3)); };
  } else if (is("kiln_tokens")) {
    kernel = [a] {
      kiln_tokens(at<float*>(a, 0), at<const float*>(a, 1), at<const float*>(a, 2), at<const float*>(a, 3),
                  at<const float*>(a, 4), at<const float*>(a, 5), count(a, 6), count(a, 7));
    };
  } else {
    return false;
  }
  for (unsigned z = 0; z < static_cast<unsigned>(blocks[2]); z++) {
    for (unsigned y = 0; y < static_cast<unsigned>(blocks[1]); y++) {
      for (unsigned x = 0; x < static_cast<unsigned>(blocks[0]); x++) {
        blockIdx = uint3{x, y, z};
        simt::run_block(threads, shared_bytes, kernel);
      }
    }
  }
  return true;
}
