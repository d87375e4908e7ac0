#include "predictor.h"

#include <algorithm>
#include <cstring>

#include "bytes.h"

// Vectors of 16 bytes: SSE2 and NEON are baseline on their architectures, so there is no runtime dispatch. At 16 bytes
// in about 3 cycles the steps below cost a few percent of the inflating.
#ifdef __clang__
#define KILN_LANES(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define KILN_LANES(a, b, ...) __builtin_shuffle(a, b, decltype(a){__VA_ARGS__})
#endif

namespace kiln {
namespace {

constexpr size_t vector_bytes = 16;

template <typename T>
using Vector [[gnu::vector_size(vector_bytes)]] = T;

using Bytes16 = Vector<uint8_t>;

Bytes16 load(const uint8_t* at) {
  Bytes16 value;
  memcpy(&value, at, sizeof value);
  return value;
}

void store(uint8_t* at, Bytes16 value) { memcpy(at, &value, sizeof value); }

template <typename T>
Bytes16 add(Bytes16 a, Bytes16 b) {
  return (Bytes16)((Vector<T>)a + (Vector<T>)b);
}

/* Shifts the bytes up by N places, filling with zeros. */
template <int N>
Bytes16 shift(Bytes16 v) {
  Bytes16 zeros = {};
  return KILN_LANES(zeros, v, 16 - N, 17 - N, 18 - N, 19 - N, 20 - N, 21 - N, 22 - N, 23 - N, 24 - N, 25 - N, 26 - N,
                    27 - N, 28 - N, 29 - N, 30 - N, 31 - N);
}

/* Repeats the last N bytes over the whole vector. */
template <int N>
Bytes16 repeat_last(Bytes16 v) {
  if constexpr (N == 1) {
    return KILN_LANES(v, v, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
  } else if constexpr (N == 2) {
    auto w = (Vector<uint16_t>)v;
    return (Bytes16)KILN_LANES(w, w, 7, 7, 7, 7, 7, 7, 7, 7);
  } else if constexpr (N == 4) {
    auto w = (Vector<uint32_t>)v;
    return (Bytes16)KILN_LANES(w, w, 3, 3, 3, 3);
  } else if constexpr (N == 8) {
    auto w = (Vector<uint64_t>)v;
    return (Bytes16)KILN_LANES(w, w, 1, 1);
  } else {
    return v;
  }
}

/*
 * Running sums of samples N bytes apart, N a divisor of the vector size. The loop-carried dependency is a single
 * addition, however many the sums within a vector take.
 */
template <typename T, int N>
size_t sum_vectors(const uint8_t* in, uint8_t* out, size_t bytes) {
  Bytes16 before = {};
  size_t i = 0;
  for (; i + vector_bytes <= bytes; i += vector_bytes) {
    Bytes16 v = load(in + i);
    if constexpr (N <= 1) v = add<T>(v, shift<1>(v));
    if constexpr (N <= 2) v = add<T>(v, shift<2>(v));
    if constexpr (N <= 4) v = add<T>(v, shift<4>(v));
    if constexpr (N <= 8) v = add<T>(v, shift<8>(v));
    store(out + i, add<T>(v, before));
    before = add<T>(before, repeat_last<N>(v));
  }
  return i;
}

/* The same for any other distance below the vector size: pixel by pixel, as with 3 bands. */
template <typename T>
size_t sum_pixels(size_t distance, const uint8_t* in, uint8_t* out, size_t bytes) {
  Bytes16 sum = {};
  size_t i = 0;
  for (; i + vector_bytes <= bytes; i += distance) {
    sum = add<T>(sum, load(in + i));
    // Bytes written beyond the pixel are overwritten by the next one.
    store(out + i, sum);
  }
  return i;
}

/* The same for samples more than a vector apart. */
template <typename T>
size_t sum_distant(size_t distance, const uint8_t* in, uint8_t* out, size_t bytes) {
  size_t i = std::min(distance, bytes);
  memcpy(out, in, i);
  for (; i + vector_bytes <= bytes; i += vector_bytes) {
    store(out + i, add<T>(load(in + i), load(out + i - distance)));
  }
  return i;
}

template <typename T>
size_t sum(size_t distance, const uint8_t* in, uint8_t* out, size_t bytes) {
  switch (distance) {
    case 1: return sum_vectors<T, 1>(in, out, bytes);
    case 2: return sum_vectors<T, 2>(in, out, bytes);
    case 4: return sum_vectors<T, 4>(in, out, bytes);
    case 8: return sum_vectors<T, 8>(in, out, bytes);
    case 16: return sum_vectors<T, 16>(in, out, bytes);
    default:
      return distance < vector_bytes ? sum_pixels<T>(distance, in, out, bytes)
                                     : sum_distant<T>(distance, in, out, bytes);
  }
}

template <typename T>
void accumulate_samples(size_t stride, const uint8_t* in, uint8_t* out, size_t samples) {
  size_t distance = stride * sizeof(T);
  size_t bytes = samples * sizeof(T);
  // The rest is shorter than a vector.
  for (size_t i = sum<T>(distance, in, out, bytes); i < bytes; i += sizeof(T)) {
    T value;
    memcpy(&value, in + i, sizeof value);
    if (i >= distance) {
      T before;
      memcpy(&before, out + i - distance, sizeof before);
      value = static_cast<T>(value + before);
    }
    memcpy(out + i, &value, sizeof value);
  }
}

template <typename T>
T swapped(T value) {
  if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else {
    return __builtin_bswap32(value);
  }
}

template <typename T>
void swap_samples(const uint8_t* in, uint8_t* out, size_t samples) {
  for (size_t i = 0; i < samples; i++) {
    T value;
    memcpy(&value, in + i * sizeof value, sizeof value);
    value = swapped(value);
    memcpy(out + i * sizeof value, &value, sizeof value);
  }
}

/* Interleaves the bytes of a and b: the lower 8 of each, then the upper 8. */
void zip(Bytes16 a, Bytes16 b, Bytes16& lower, Bytes16& upper) {
  lower = KILN_LANES(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  upper = KILN_LANES(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

void zip_pairs(Bytes16 a, Bytes16 b, uint8_t* out) {
  auto v = (Vector<uint16_t>)a;
  auto w = (Vector<uint16_t>)b;
  store(out, (Bytes16)KILN_LANES(v, w, 0, 8, 1, 9, 2, 10, 3, 11));
  store(out + vector_bytes, (Bytes16)KILN_LANES(v, w, 4, 12, 5, 13, 6, 14, 7, 15));
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
  const uint8_t* plane[4];  // in host byte order
  for (size_t b = 0; b < 4; b++) {
    plane[b] = in + (host_is_big_endian ? b : 3 - b) * samples + first;
  }
  size_t i = 0;
  for (; i + vector_bytes <= count; i += vector_bytes) {
    Bytes16 lower01, upper01, lower23, upper23;
    zip(load(plane[0] + i), load(plane[1] + i), lower01, upper01);
    zip(load(plane[2] + i), load(plane[3] + i), lower23, upper23);
    zip_pairs(lower01, lower23, out + 4 * i);
    zip_pairs(upper01, upper23, out + 4 * i + 2 * vector_bytes);
  }
  for (; i < count; i++) {
    for (size_t b = 0; b < 4; b++) {
      out[4 * i + b] = plane[b][i];
    }
  }
}

void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples) {
  if (sample_bytes == 2) {
    swap_samples<uint16_t>(in, out, samples);
  } else if (sample_bytes == 4) {
    swap_samples<uint32_t>(in, out, samples);
  } else {
    memcpy(out, in, samples);
  }
}

}  // namespace kiln
