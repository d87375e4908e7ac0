// Attention, matrix products and LayerNorm of a transformer on the CPU in bfloat16, with sums in float32.
//
// The products are written once, as a template over a block product (tiles_*.h): AMX tiles, AVX512-BF16 vectors, or
// portable code that computes what these instructions do, for tests on other CPUs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../attention/arguments.h"
#include "../matmul/epilogue.h"

namespace kiln {

// Implementations of the block product. The emulated ones give the same values as the instructions, slowly.
enum class Bf16Isa { emulated_avx512 = 0, emulated_amx = 1, avx512 = 2, amx = 3 };

// Instructions of this CPU: bits of Bf16Isa::avx512 and Bf16Isa::amx (1 << value). AMX needs request_amx, too.
int bf16_instructions();

// Asks the kernel for permission to use AMX tiles in this process. Returns 0, or the error number.
int request_amx();

using Bf16AttentionArguments = AttentionArguments<uint16_t>;

// Computes attention. Every output is computed by one thread in a fixed order, so the bytes of the result do not depend
// on the number of threads. Returns false if there is no memory for the scratch.
bool bf16_attention(const Bf16AttentionArguments& arguments, int threads, Bf16Isa isa);

// One call: out = epilogue(in · W + bias).
struct Bf16MatmulArguments {
  const uint16_t* in;       // [rows, inner]
  const uint16_t* weights;  // packed by bf16_pack_weights
  const float* bias;        // [columns], or null
  void* out;                // [rows, columns], float32 or bfloat16
  size_t in_stride;         // elements from one row of the input to the next
  size_t out_stride;        // the same of the output
  int rows;
  int inner;
  int columns;
  MatmulEpilogue epilogue;
  bool float_out;  // whether the output is float32
};

// Returns the number of values of packed weights.
size_t bf16_packed_size(int inner, int columns);

// Rounds float32 weights [inner, columns] to bfloat16 and packs them into panels of 16 columns,
// [columns / 16][inner / 2][16][2]: filled up with zeros to 32 columns and 32 inner values.
void bf16_pack_weights(const float* weights, int inner, int columns, uint16_t* packed);

// Computes a product, with the same guarantee as bf16_attention.
bool bf16_matmul(const Bf16MatmulArguments& arguments, int threads, Bf16Isa isa);

// LayerNorm of float32 rows with scale and shift; the output is bfloat16, or float32 if `float_out`.
struct Bf16NormArguments {
  const float* in;     // [rows, size]
  const float* scale;  // [size]
  const float* shift;  // [size]
  void* out;           // [rows, size]
  int rows;
  int size;
  float epsilon;
  bool float_out;
};

// Computes LayerNorm, with the same guarantee.
void bf16_norm(const Bf16NormArguments& arguments, int threads, Bf16Isa isa);

namespace detail {

// Rows and columns of a block of output, and the values of an inner step.
constexpr int kBlockRows = 32;
constexpr int kBlockColumns = 32;
constexpr int kPanel = 16;
constexpr int kInnerStep = 32;

inline size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

// A rectangle of the output in blocks.
struct Blocks {
  int first_row;
  int rows;
  int first_column;
  int columns;
};

// The functions of one implementation. `begin` and `end` surround the work of a thread.
struct Bf16Kernel {
  void (*begin)();
  void (*end)();
  size_t (*attention_scratch)(const Bf16AttentionArguments&);  // bytes
  void (*attention_pack)(const Bf16AttentionArguments&, int head, char* scratch);
  void (*attention_block)(const Bf16AttentionArguments&, int head, int first_query, int queries, char* scratch);
  size_t (*matmul_scratch)(const Bf16MatmulArguments&, int row_blocks);  // bytes
  void (*matmul)(const Bf16MatmulArguments&, const Blocks&, int row_blocks, char* scratch);
  void (*norm)(const Bf16NormArguments&, int first_row, int rows);
};

const Bf16Kernel& bf16_emulated_avx512();
const Bf16Kernel& bf16_emulated_amx();
const Bf16Kernel& bf16_avx512();
const Bf16Kernel& bf16_amx();

}  // namespace detail
}  // namespace kiln
