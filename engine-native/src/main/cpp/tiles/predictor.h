#pragma once

#include <cstddef>
#include <cstdint>

namespace kiln {

/*
 * Steps that turn a decompressed row of a tile into samples in host byte order. Nothing needs to be aligned; `in` and
 * `out` must not overlap.
 */

/*
 * Undoes horizontal differencing (TIFF 6.0, section 14): a sample is stored as its difference from the sample `stride`
 * before it, modulo 2^(8 * sample_bytes). sample_bytes is 1, 2 or 4; stride at least 1.
 */
void accumulate(unsigned sample_bytes, size_t stride, const uint8_t* in, uint8_t* out, size_t samples);

/*
 * Undoes the byte order of the floating-point predictor (TIFF Technical Note 3): a row stores the most significant
 * bytes of all its samples, then the next. Gathers `count` samples from sample `first` of a row of `samples`.
 */
void gather_bytes(const uint8_t* in, size_t samples, size_t first, size_t count, uint8_t* out);

/* Reverses the bytes of each sample. */
void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples);

/* Plain implementations, which the others are tested against. */
namespace reference {
void accumulate(unsigned sample_bytes, size_t stride, const uint8_t* in, uint8_t* out, size_t samples);
void gather_bytes(const uint8_t* in, size_t samples, size_t first, size_t count, uint8_t* out);
void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples);
}  // namespace reference

}  // namespace kiln
