// The patch kernels, compiled for the host: for dev.kiln.cuda.HostKernels and the stand-in for CUDA.
#include <cstring>

#include "host_kernels.h"
#include "patches.cu"

namespace {

template <typename Format>
void run(int chips, const long long* a) {
  auto planes = reinterpret_cast<const Plane*>(a[0]);
  int bands = static_cast<int>(a[1]);
  int chip = static_cast<int>(a[2]);
  for (int image = 0; image < chips; image++) {
    for (int line = 0; line < chip / PATCH * chip; line++) {
      patch_line<Format>(planes, bands, chip, image, line, reinterpret_cast<void*>(a[3]));
    }
  }
}

}  // namespace

bool run_patch_kernel(const char* name, int chips, const long long* arguments) {
  auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
  if (is("kiln_patches_bf16")) {
    run<Bf16>(chips, arguments);
  } else if (is("kiln_patches_fp16")) {
    run<Fp16>(chips, arguments);
  } else if (is("kiln_patches_fp32")) {
    run<Fp32>(chips, arguments);
  } else {
    return false;
  }
  return true;
}
