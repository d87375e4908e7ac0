#include <cstring>

#include "bytes.h"
#include "predictor.h"

namespace kiln::reference {
namespace {

template <typename T>
T load(const uint8_t* at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void store(uint8_t* at, T value) {
  memcpy(at, &value, sizeof value);
}

template <typename T>
void accumulate_samples(size_t stride, const uint8_t* in, uint8_t* out, size_t samples) {
  for (size_t i = 0; i < samples; i++) {
    T before = i < stride ? T{0} : load<T>(out + (i - stride) * sizeof(T));
    store(out + i * sizeof(T), static_cast<T>(before + load<T>(in + i * sizeof(T))));
  }
}

}  // namespace

void accumulate(unsigned sample_bytes, size_t stride, const uint8_t* in, uint8_t* out, size_t samples) {
  switch (sample_bytes) {
    case 1: return accumulate_samples<uint8_t>(stride, in, out, samples);
    case 2: return accumulate_samples<uint16_t>(stride, in, out, samples);
    default: return accumulate_samples<uint32_t>(stride, in, out, samples);
  }
}

void gather_bytes(const uint8_t* in, size_t samples, size_t first, size_t count, uint8_t* out) {
  for (size_t i = 0; i < count; i++) {
    for (size_t b = 0; b < 4; b++) {
      out[4 * i + (host_is_big_endian ? b : 3 - b)] = in[b * samples + first + i];
    }
  }
}

void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples) {
  for (size_t i = 0; i < samples; i++) {
    uint8_t sample[4];
    memcpy(sample, in + i * sample_bytes, sample_bytes);
    for (unsigned b = 0; b < sample_bytes; b++) {
      out[i * sample_bytes + b] = sample[sample_bytes - 1 - b];
    }
  }
}

}  // namespace kiln::reference
