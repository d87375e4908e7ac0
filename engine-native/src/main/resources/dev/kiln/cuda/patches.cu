// Converts raw pixels to rows of the first matrix product, in one pass; dev.kiln.infer.Patchify is the reference.
//
//   planes  [size, bands]             location and conversion of a chip's pixels
//   out     [size, L, bands, 8, 8]    L = (chip / 8)² patches, row by row; within one: band, line, pixel
// A thread converts one line of one patch in all bands: 8 pixels are one store of 16 bytes (two, in float32).
// Consecutive threads of a warp convert the 8 lines of a patch, which together fill cache lines of 128 bytes, then the
// patches to its right, whose pixels are adjacent in memory.
//
// Compiled for the device by NVRTC, without include files, and for tests by the host's compiler.

#ifdef __CUDACC__
#define KILN_DEVICE __device__ __forceinline__
#define KILN_MEMBER __device__ __forceinline__
#else
#include <cstring>

#include "kiln_types.h"
#define KILN_DEVICE static inline
#define KILN_MEMBER inline
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
#endif

namespace {

constexpr int PATCH = KILN_PATCH_SIZE;

using Address = unsigned long long;

enum PixelType { UINT8 = KILN_UINT8, UINT16 = KILN_UINT16, INT16 = KILN_INT16, FLOAT32 = KILN_FLOAT32 };

// One band of one chip; 48 bytes, as dev.kiln.infer.gpu.PatchKernel writes them.
struct alignas(16) Plane {
  unsigned long long pixels;  // address of the stored pixel that contains the chip's upper-left pixel
  long long line_stride;      // bytes
  int pixel_stride;           // bytes
  int type;                   // PixelType
  int repeat;                 // grid pixels per stored pixel in each direction
  int phase_x;                // of these, the number left of the chip ...
  int phase_y;                // ... and above it
  int offset;                 // added to stored values other than 0, with 1 as the minimum; 0 for none
  float mean;
  float std;
};
static_assert(sizeof(Plane) == 48, "as Java writes it");

// The pixels do not change while the kernel runs, so the device may read them through its non-coherent cache.
template <typename T>
KILN_DEVICE T read(Address address) {
#ifdef __CUDACC__
  return __ldg(reinterpret_cast<const T*>(address));
#else
  return *reinterpret_cast<const T*>(address);
#endif
}

KILN_DEVICE float as_float(unsigned bits) {
#ifdef __CUDACC__
  return __uint_as_float(bits);
#else
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
#endif
}

KILN_DEVICE unsigned as_bits(float value) {
#ifdef __CUDACC__
  return __float_as_uint(value);
#else
  unsigned bits;
  std::memcpy(&bits, &value, 4);
  return bits;
#endif
}

// Rounds to the nearest bfloat16, ties to even; undefined for NaN, which rows never contain.
KILN_DEVICE unsigned to_bf16(float value) {
  unsigned bits = as_bits(value);
  return (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
}

// Rounds to the nearest half, ties to even; beyond the range, to the largest of its sign, because infinity would spread
// over the whole chip.
KILN_DEVICE unsigned to_fp16(float value) {
  unsigned bits = as_bits(value);
  unsigned sign = (bits >> 16) & 0x8000u;
  unsigned size = bits & 0x7FFFFFFFu;
  if (size >= 0x477FF000u) {  // rounds to 65520 or more
    return sign | 0x7BFFu;
  }
  if (size < 0x38800000u) {  // below 2^-14: the last bit of the sum is the smallest half, 2^-24
    return sign | (as_bits(as_float(size) + 0.5f) - 0x3F000000u);
  }
  return sign | ((size - 0x38000000u + 0xFFFu + ((size >> 13) & 1u)) >> 13);
}

// Reads BYTES from any address as little-endian words, with the widest loads that its alignment allows.
template <int BYTES>
KILN_DEVICE void load(Address address, unsigned (&words)[BYTES / 4]) {
  if (BYTES % 16 == 0 && address % 16 == 0) {
    for (int i = 0; i < BYTES / 16; i++) {
      uint4 piece = read<uint4>(address + 16 * i);
      words[4 * i] = piece.x;
      words[4 * i + 1] = piece.y;
      words[4 * i + 2] = piece.z;
      words[4 * i + 3] = piece.w;
    }
  } else if (BYTES % 8 == 0 && address % 8 == 0) {
    for (int i = 0; i < BYTES / 8; i++) {
      uint2 piece = read<uint2>(address + 8 * i);
      words[2 * i] = piece.x;
      words[2 * i + 1] = piece.y;
    }
  } else if (address % 4 == 0) {
    for (int i = 0; i < BYTES / 4; i++) {
      words[i] = read<unsigned>(address + 4 * i);
    }
  } else if (address % 2 == 0) {
    for (int i = 0; i < BYTES / 4; i++) {
      unsigned low = read<unsigned short>(address + 4 * i);
      unsigned high = read<unsigned short>(address + 4 * i + 2);
      words[i] = low | high << 16;
    }
  } else {
    for (int i = 0; i < BYTES / 4; i++) {
      words[i] = 0;
      for (int j = 0; j < 4; j++) {
        words[i] |= static_cast<unsigned>(read<unsigned char>(address + 4 * i + j)) << (8 * j);
      }
    }
  }
}

KILN_DEVICE float pixel(int type, Address address) {
  switch (type) {
    case UINT8: return read<unsigned char>(address);
    case UINT16: return read<unsigned short>(address);
    case INT16: return read<short>(address);
    default: return read<float>(address);
  }
}

// Reads N pixels that are adjacent in memory.
template <int N>
KILN_DEVICE void load_packed(int type, Address address, float (&values)[PATCH]) {
  if (type == UINT8) {
    unsigned words[N / 4];
    load<N>(address, words);
    for (int i = 0; i < N; i++) {
      values[i] = static_cast<float>((words[i / 4] >> (i % 4 * 8)) & 0xFFu);
    }
  } else if (type == FLOAT32) {
    unsigned words[N];
    load<4 * N>(address, words);
    for (int i = 0; i < N; i++) {
      values[i] = as_float(words[i]);
    }
  } else {
    unsigned words[N / 2];
    load<2 * N>(address, words);
    for (int i = 0; i < N; i++) {
      unsigned short bits = static_cast<unsigned short>(words[i / 2] >> (i % 2 * 16));
      values[i] = type == UINT16 ? static_cast<float>(bits) : static_cast<float>(static_cast<short>(bits));
    }
  }
}

KILN_DEVICE int bytes_of(int type) { return type == UINT8 ? 1 : type == FLOAT32 ? 4 : 2; }

// Four interleaved bands of bytes, as in NAIP: a line of a patch is read once and kept for the following bands.
struct Quads {
  Address address;
  unsigned words[PATCH];
};

// Reads 8 pixels from x columns right of and y rows below the chip's upper-left pixel on.
KILN_DEVICE void load_line(const Plane& plane, int x, int y, Quads& quads, float (&values)[PATCH]) {
  int repeat = plane.repeat;
  Address line = static_cast<Address>(plane.pixels) + (plane.phase_y + y) / repeat * plane.line_stride;
  bool packed = plane.pixel_stride == bytes_of(plane.type);
  if (repeat == 1) {
    Address first = line + static_cast<Address>(x) * plane.pixel_stride;
    if (packed) {
      load_packed<PATCH>(plane.type, first, values);
    } else if (plane.type == UINT8 && plane.pixel_stride == 4) {
      Address aligned = first - first % 4;
      if (quads.address != aligned) {
        load<4 * PATCH>(aligned, quads.words);
        quads.address = aligned;
      }
      for (int i = 0; i < PATCH; i++) {
        values[i] = static_cast<float>((quads.words[i] >> (first % 4 * 8)) & 0xFFu);
      }
    } else {
      for (int i = 0; i < PATCH; i++) {
        values[i] = pixel(plane.type, first + i * plane.pixel_stride);
      }
    }
  } else if (repeat == 2 && plane.phase_x == 0 && packed) {
    float stored[PATCH];
    load_packed<PATCH / 2>(plane.type, line + static_cast<Address>(x / 2) * plane.pixel_stride, stored);
    for (int i = 0; i < PATCH; i++) {
      values[i] = stored[i / 2];
    }
  } else {
    for (int i = 0; i < PATCH; i++) {
      values[i] = pixel(plane.type, line + (plane.phase_x + x + i) / repeat * plane.pixel_stride);
    }
  }
}

KILN_DEVICE float normalised(const Plane& plane, float value) {
  if (plane.offset != 0) {
    float shifted = value + static_cast<float>(plane.offset);
    value = value == 0.0f ? 0.0f : shifted < 1.0f ? 1.0f : shifted;
  }
  float normal = (value - plane.mean) / plane.std;
  // Not plausible: more than 100 standard deviations from the mean, or not finite. Without their signs, floats are
  // ordered as their bits; 0x42C80000 is 100.
  if (plane.type == FLOAT32 && (as_bits(normal) & 0x7FFFFFFFu) > 0x42C80000u) {
    normal = 0.0f;
  }
  return normal;
}

// Stores 8 adjacent values of a row.
struct Bf16 {
  static constexpr int BYTES = 2;
  static KILN_MEMBER unsigned bits(float value) { return to_bf16(value); }
};
struct Fp16 {
  static constexpr int BYTES = 2;
  static KILN_MEMBER unsigned bits(float value) { return to_fp16(value); }
};
struct Fp32 {
  static constexpr int BYTES = 4;
  static KILN_MEMBER unsigned bits(float value) { return as_bits(value); }
};

template <typename Format>
KILN_DEVICE void store(void* out, const float (&values)[PATCH]) {
  unsigned words[2 * Format::BYTES];
  for (int i = 0; i < 2 * Format::BYTES; i++) {
    if constexpr (Format::BYTES == 4) {
      words[i] = Format::bits(values[i]);
    } else {
      words[i] = Format::bits(values[2 * i]) | Format::bits(values[2 * i + 1]) << 16;
    }
  }
  uint4* pieces = static_cast<uint4*>(out);
  for (int i = 0; i < Format::BYTES / 2; i++) {
    pieces[i] = uint4{words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]};
  }
}

// Converts one line of one patch of one chip: thread number `line`, of L · 8.
template <typename Format>
KILN_DEVICE void patch_line(const Plane* planes, int bands, int chip, int image, int line, void* out) {
  int across = chip / PATCH;
  int k = line % PATCH;
  int patch = line / PATCH;
  int x = patch % across * PATCH;
  int y = patch / across * PATCH + k;
  Quads quads = {};
  float values[PATCH];
  long long row = (static_cast<long long>(image) * across * across + patch) * bands;
  for (int band = 0; band < bands; band++) {
    Plane plane = planes[image * bands + band];
    load_line(plane, x, y, quads, values);
    for (int i = 0; i < PATCH; i++) {
      values[i] = normalised(plane, values[i]);
    }
    long long at = ((row + band) * PATCH + k) * PATCH;
    store<Format>(static_cast<char*>(out) + at * Format::BYTES, values);
  }
}

}  // namespace

#ifdef __CUDACC__
// Blocks: x over the lines of a chip, y over chips.
#define KILN_PATCHES(name, Format)                                                                              \
  extern "C" __global__ void __launch_bounds__(256) name(const Plane* planes, int bands, int chip, void* out) { \
    int line = blockIdx.x * blockDim.x + threadIdx.x;                                                           \
    if (line < chip / PATCH * chip) {                                                                           \
      patch_line<Format>(planes, bands, chip, blockIdx.y, line, out);                                           \
    }                                                                                                           \
  }
KILN_PATCHES(kiln_patches_bf16, Bf16)
KILN_PATCHES(kiln_patches_fp16, Fp16)
KILN_PATCHES(kiln_patches_fp32, Fp32)
#endif
