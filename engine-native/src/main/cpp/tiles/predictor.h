#pragma once

#include <cstddef>
#include <cstdint>

namespace kiln {

/*
 * Steps that turn a row of a tile, as it was compressed, into samples in host byte order. Nothing
 * needs alignment; `in` and `out` must not overlap.
 */

/*
 * Horizontal differencing (TIFF 6.0, section 14): a sample is its difference to the sample `stride`
 * before it, modulo 2^(8 * sample_bytes). sample_bytes is 1, 2 or 4; stride at least 1.
 */
void accumulate(unsigned sample_bytes, size_t stride, const uint8_t* in, uint8_t* out,
                size_t samples);

/*
 * Floating point (TIFF Technical Note 3): a row holds the most significant bytes of all its samples,
 * then the next. Puts `count` samples from sample `first` of a row of `samples` together.
 */
void gather_bytes(const uint8_t* in, size_t samples, size_t first, size_t count, uint8_t* out);

/* Turns the bytes of each sample around. */
void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples);

/* The same, as plainly as it can be said: what the others are tested against. */
namespace reference {
void accumulate(unsigned sample_bytes, size_t stride, const uint8_t* in, uint8_t* out,
                size_t samples);
void gather_bytes(const uint8_t* in, size_t samples, size_t first, size_t count, uint8_t* out);
void swap_bytes(unsigned sample_bytes, const uint8_t* in, uint8_t* out, size_t samples);
}  // namespace reference

}  // namespace kiln
