// The vectorized predictors produce the same bytes as the plain ones and touch no others.
#include "predictor.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

void expect_same(const char* what, const std::vector<uint8_t>& found, const std::vector<uint8_t>& expected) {
  if (found != expected) {
    fprintf(stderr, "%s differs\n", what);
    abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 6) {
    return 0;
  }
  unsigned sample_bytes = 1 << data[0] % 3;
  size_t stride = 1 + data[1] % 40;
  // In a block of its own, so that the sanitizer detects an access one byte too far.
  std::vector<uint8_t> row(data + 2, data + size);
  size_t samples = row.size() / sample_bytes;
  row.resize(samples * sample_bytes);
  std::vector<uint8_t> found(row.size());
  std::vector<uint8_t> expected(row.size());

  kiln::accumulate(sample_bytes, stride, row.data(), found.data(), samples);
  kiln::reference::accumulate(sample_bytes, stride, row.data(), expected.data(), samples);
  expect_same("accumulate", found, expected);

  kiln::swap_bytes(sample_bytes, row.data(), found.data(), samples);
  kiln::reference::swap_bytes(sample_bytes, row.data(), expected.data(), samples);
  expect_same("swap_bytes", found, expected);

  size_t floats = row.size() / 4;
  size_t first = floats == 0 ? 0 : data[1] % floats;
  size_t count = floats - first;
  found.assign(4 * count, 0);
  expected.assign(4 * count, 0);
  kiln::gather_bytes(row.data(), floats, first, count, found.data());
  kiln::reference::gather_bytes(row.data(), floats, first, count, expected.data());
  expect_same("gather_bytes", found, expected);
  return 0;
}
