// Attention with heads of 64 for sm_90a: the products of a warpgroup (wgmma) run in the background, while its threads
// compute the softmax of other scores. encoder.cu has the kernel for all other architectures; both compute the same.
//
// A block computes 128 queries of one head, 64 per warpgroup. As in encoder.cu the class token is apart: its key starts
// the running maximum, sum and result, so that the 1024 patches of a chip fill 16 steps of 64 keys; and its query,
// which would need a warpgroup of its own, has a block that uses no matrix products. Scores are logarithms to base 2.
//
// Step i, for a warpgroup: start scores of keys i and products of weights and values i - 1; when the scores have
// arrived, compute their maximum and weights; when the products have arrived, scale them. Loads are two steps ahead.
//
// Queries, keys and values are in shared memory as rows of 128 bytes, of which the eight 16-byte units are permuted:
// unit u of row r is at position u ^ (r % 8). This is the layout that wgmma calls swizzle of 128 bytes.

#ifdef __CUDACC__

namespace {

// Makes this thread's writes to shared memory visible to wgmma.
KILN_DEVICE void publish_writes() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Before wgmma, orders it after earlier accesses to its registers.
KILN_DEVICE void fence_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

// Ends a group of products.
KILN_DEVICE void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Keeps the compiler from moving accesses to these registers to before this point.
KILN_DEVICE void pin(float (&sums)[8][4]) {
  KILN_UNROLL
  for (int j = 0; j < 8; j++) {
    KILN_UNROLL
    for (int i = 0; i < 4; i++) {
      asm volatile("" : "+f"(sums[j][i])::"memory");
    }
  }
}

KILN_DEVICE void pin(unsigned (&fragments)[4][4]) {
  KILN_UNROLL
  for (int k = 0; k < 4; k++) {
    KILN_UNROLL
    for (int i = 0; i < 4; i++) {
      asm volatile("" : "+r"(fragments[k][i])::"memory");
    }
  }
}

// Waits for all but the last N groups of products.
template <int N>
KILN_DEVICE void wait_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

#define KILN_EIGHT(s, j)                                                                                               \
  "+f"(s[j][0]), "+f"(s[j][1]), "+f"(s[j][2]), "+f"(s[j][3]), "+f"(s[j + 1][0]), "+f"(s[j + 1][1]), "+f"(s[j + 1][2]), \
      "+f"(s[j + 1][3])
#define KILN_SUMS(s) KILN_EIGHT(s, 0), KILN_EIGHT(s, 2), KILN_EIGHT(s, 4), KILN_EIGHT(s, 6)
#define KILN_REGISTERS                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, " \
  "%21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "

// Starts sums (64 × 64) = a (64 × 16) · b (16 × 64)ᵀ, or adds to them; both in shared memory, with terms contiguous.
template <bool ADD>
KILN_DEVICE void start_product(float (&sums)[8][4], unsigned long long a, unsigned long long b) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " KILN_REGISTERS "%32, %33, add, 1, 1, 0, 0;\n}"
      : KILN_SUMS(sums)
      : "l"(a), "l"(b), "n"(ADD ? 1 : 0));
}

// Starts sums (64 × 64) += a (64 × 16) · b (16 × 64): a in registers, b in shared memory with columns contiguous.
KILN_DEVICE void start_product(float (&sums)[8][4], const unsigned (&a)[4], unsigned long long b) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %37, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " KILN_REGISTERS
      "{%32, %33, %34, %35}, %36, add, 1, 1, 1;\n}"
      : KILN_SUMS(sums)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(1));
}

}  // namespace
#endif

namespace {

constexpr int HEAD = 64;
constexpr int ROW = HEAD * 2;  // bytes
constexpr int UNIT = 16;       // bytes of a copy
constexpr int UNITS = ROW / UNIT;
constexpr int SWIZZLED_ROWS = 8;  // after these the layout repeats
constexpr int QUERIES = 128;
constexpr int KEYS = 64;
constexpr int TILE = KEYS * ROW;  // bytes of the keys or the values of a step
constexpr int STAGES = 4;
constexpr int GROUP = 128;  // threads of a warpgroup
constexpr int THREADS = 2 * GROUP;
constexpr int WARPS = THREADS / LANES;

// Describes rows of 128 swizzled bytes in shared memory for wgmma: bits 0 to 13 the address, 32 to 45 the distance
// between groups of eight rows, both in units of 16 bytes, and 62 to 63 the layout.
KILN_DEVICE unsigned long long describe(const char* tile) {
  unsigned long long address = (shared_address(tile) & 0x3FFFF) / 16;
  unsigned long long groups = SWIZZLED_ROWS * ROW / 16;
  return address | 1ull << 16 | groups << 32 | 1ull << 62;
}

KILN_DEVICE char* place(char* tile, int row, int unit) {
  return tile + row * ROW + (unit ^ (row % SWIZZLED_ROWS)) * UNIT;
}

// Copies `rows` rows of one head, from token `token` on; zeros from token `tokens` on.
KILN_DEVICE void load_rows(char* tile, const bf16* from, long long stride, int rows, int token, int tokens) {
  for (int i = threadIdx.x; i < rows * UNITS; i += THREADS) {
    int row = i / UNITS;
    int unit = i % UNITS;
    bool there = token + row < tokens;
    copy_async(place(tile, row, unit), from + (there ? (token + row) * stride + unit * (UNIT / 2) : 0), there);
  }
}

struct Softmax {
  float most[2];   // highest score of the two rows of which this lane has a part
  float total[2];  // this lane's part of the sum of the weights
};

// Replaces scores by weights. Returns the factors by which sums of earlier weights shrink.
KILN_DEVICE float2 weigh(Softmax& softmax, float (&scores)[8][4]) {
  float shrink[2];
  KILN_UNROLL
  for (int half = 0; half < 2; half++) {
    float highest = softmax.most[half];
    KILN_UNROLL
    for (int j = 0; j < 8; j++) {
      highest = fmaxf(highest, fmaxf(scores[j][2 * half], scores[j][2 * half + 1]));
    }
    highest = fmaxf(highest, exchange(highest, 1));
    highest = fmaxf(highest, exchange(highest, 2));
    shrink[half] = power_of_2(softmax.most[half] - highest);
    softmax.most[half] = highest;
    float total = softmax.total[half] * shrink[half];
    KILN_UNROLL
    for (int j = 0; j < 8; j++) {
      KILN_UNROLL
      for (int i = 2 * half; i < 2 * half + 2; i++) {
        scores[j][i] = power_of_2(scores[j][i] - highest);
        total += scores[j][i];
      }
    }
    softmax.total[half] = total;
  }
  return float2{shrink[0], shrink[1]};
}

// Excludes keys from number `rest` of the step on.
KILN_DEVICE void mask(float (&scores)[8][4], int rest) {
  int first = threadIdx.x % 4 * 2;
  KILN_UNROLL
  for (int j = 0; j < 8; j++) {
    KILN_UNROLL
    for (int i = 0; i < 4; i++) {
      scores[j][i] = j * 8 + first + i % 2 < rest ? scores[j][i] : LEAST;
    }
  }
}

KILN_DEVICE void start_scores(float (&scores)[8][4], unsigned long long queries, unsigned long long keys) {
  // 16 numbers further are 32 bytes: 2 units.
  start_product<false>(scores, queries, keys);
  start_product<true>(scores, queries + 2, keys + 2);
  start_product<true>(scores, queries + 4, keys + 4);
  start_product<true>(scores, queries + 6, keys + 6);
}

KILN_DEVICE void start_values(float (&sums)[8][4], const unsigned (&weights)[4][4], unsigned long long values) {
  KILN_UNROLL
  for (int k = 0; k < 4; k++) {
    // 16 keys further.
    start_product(sums, weights[k], values + k * (16 * ROW / 16));
  }
}

KILN_DEVICE void round_weights(unsigned (&weights)[4][4], const float (&scores)[8][4]) {
  KILN_UNROLL
  for (int k = 0; k < 4; k++) {
    KILN_UNROLL
    for (int i = 0; i < 4; i++) {
      weights[k][i] = pair(scores[2 * k + i / 2][i % 2 * 2], scores[2 * k + i / 2][i % 2 * 2 + 1]);
    }
  }
}

// Starts with the class token: its score, and its value with weight 1.
KILN_DEVICE void start_with_class_token(Softmax& softmax, float (&sums)[8][4], char* queries, const bf16* key,
                                        const bf16* value) {
  int lane = threadIdx.x % LANES;
  int row = threadIdx.x / LANES * 16 + lane % 16;
  float scores[2] = {};
  KILN_UNROLL
  for (int k = 0; k < HEAD / 16; k++) {
    unsigned query[4];
    load_matrices(query, place(queries, row, 2 * k + lane / 16));
    KILN_UNROLL
    for (int half = 0; half < 2; half++) {
      KILN_UNROLL
      for (int part = 0; part < 2; part++) {
        const bf16* at = key + k * 16 + part * 8 + lane % 4 * 2;
        scores[half] += product_of_pairs(query[2 * part + half], *reinterpret_cast<const unsigned*>(at));
      }
    }
  }
  KILN_UNROLL
  for (int half = 0; half < 2; half++) {
    float score = scores[half] + exchange(scores[half], 1);
    softmax.most[half] = score + exchange(score, 2);
    // The four lanes of a row combine their sums at the end.
    softmax.total[half] = lane % 4 == 0 ? 1.0f : 0.0f;
    KILN_UNROLL
    for (int j = 0; j < 8; j++) {
      unsigned both = *reinterpret_cast<const unsigned*>(value + j * 8 + lane % 4 * 2);
      sums[j][2 * half] = float_of(both << 16);
      sums[j][2 * half + 1] = float_of(both & 0xFFFF0000u);
    }
  }
}

KILN_DEVICE void scale(float (&sums)[8][4], float2 factors) {
  KILN_UNROLL
  for (int j = 0; j < 8; j++) {
    sums[j][0] *= factors.x;
    sums[j][1] *= factors.x;
    sums[j][2] *= factors.y;
    sums[j][3] *= factors.y;
  }
}

// Queries from `first` on, over the keys and values of a chip's head.
KILN_DEVICE void attend(char* memory, const bf16* chip, bf16* out, int first, int tokens, int inner) {
  char* queries = memory;
  char* stages = memory + QUERIES * ROW;
  long long stride = 3LL * inner;
  int group = threadIdx.x / GROUP;
  int steps = (tokens - 1 + KEYS - 1) / KEYS;
  // A warpgroup without queries only copies.
  bool active = first + group * (QUERIES / 2) < tokens;

  auto load_step = [&](int step) {
    if (step < steps) {
      char* stage = stages + step % STAGES * 2 * TILE;
      load_rows(stage, chip + inner, stride, KEYS, 1 + step * KEYS, tokens);
      load_rows(stage + TILE, chip + 2 * inner, stride, KEYS, 1 + step * KEYS, tokens);
    }
    commit_copies();
  };
  // All threads have step `step`, and none still reads that of two steps before, whose memory is filled next.
  auto begin_step = [&](int step) {
    wait_copies<1>();
    publish_writes();
    __syncthreads();
    load_step(step + 2);
  };
  load_rows(queries, chip, stride, QUERIES, first, tokens);
  load_step(0);
  load_step(1);

  Softmax softmax;
  float sums[8][4];
  float scores[8][4] = {};
  unsigned weights[4][4];
  unsigned long long own_queries = describe(queries + group * (QUERIES / 2) * ROW);

  begin_step(0);
  if (active) {
    start_with_class_token(softmax, sums, queries, chip + inner, chip + 2 * inner);
    fence_products();
    start_scores(scores, own_queries, describe(stages));
    commit_products();
    wait_products<0>();
    pin(scores);
    if (steps == 1) {
      mask(scores, tokens - 1);
    }
    scale(sums, weigh(softmax, scores));
    round_weights(weights, scores);
  }
  for (int step = 1; step < steps; step++) {
    begin_step(step);
    if (active) {
      const char* before = stages + (step - 1) % STAGES * 2 * TILE + TILE;
      pin(sums);
      pin(scores);
      pin(weights);
      fence_products();
      start_scores(scores, own_queries, describe(stages + step % STAGES * 2 * TILE));
      commit_products();
      start_values(sums, weights, describe(before));
      commit_products();
      wait_products<1>();
      pin(scores);
      if (step == steps - 1) {
        mask(scores, tokens - 1 - step * KEYS);
      }
      float2 factors = weigh(softmax, scores);
      wait_products<0>();
      pin(sums);
      pin(weights);
      scale(sums, factors);
      round_weights(weights, scores);
    }
  }
  if (!active) {
    return;
  }
  pin(sums);
  pin(weights);
  fence_products();
  start_values(sums, weights, describe(stages + (steps - 1) % STAGES * 2 * TILE + TILE));
  commit_products();
  wait_products<0>();
  pin(sums);

  int lane = threadIdx.x % LANES;
  KILN_UNROLL
  for (int half = 0; half < 2; half++) {
    float sum = softmax.total[half] + exchange(softmax.total[half], 1);
    sum += exchange(sum, 2);
    float share = 1.0f / sum;
    int token = first + threadIdx.x / LANES * 16 + lane / 4 + half * 8;
    if (token < tokens) {
      bf16* row = out + static_cast<long long>(token) * inner;
      KILN_UNROLL
      for (int j = 0; j < 8; j++) {
        *reinterpret_cast<unsigned*>(row + j * 8 + lane % 4 * 2) =
            pair(sums[j][2 * half] * share, sums[j][2 * half + 1] * share);
      }
    }
  }
}

KILN_DEVICE float product_of_units(uint4 a, uint4 b) {
  return product_of_pairs(a.x, b.x) + product_of_pairs(a.y, b.y) + product_of_pairs(a.z, b.z) +
         product_of_pairs(a.w, b.w);
}

KILN_DEVICE float highest_of_warp(float value) {
  for (int bits = LANES / 2; bits > 0; bits /= 2) {
    value = fmaxf(value, exchange(value, bits));
  }
  return value;
}

// The query of the class token: a thread computes scores of whole keys, then a warp adds values of whole keys, of which
// each lane has a pair of numbers. `memory` has place for a float per token.
KILN_DEVICE void attend_class_token(char* memory, const bf16* chip, bf16* out, int tokens, int inner) {
  float* of_warps = reinterpret_cast<float*>(memory);          // [WARPS]
  float2* sums = reinterpret_cast<float2*>(of_warps + WARPS);  // [WARPS, LANES]
  float* weights = of_warps + WARPS + 2 * WARPS * LANES;       // [tokens]
  long long stride = 3LL * inner;
  int lane = threadIdx.x % LANES;
  int warp = threadIdx.x / LANES;
  float highest = LEAST;
  for (int key = threadIdx.x; key < tokens; key += THREADS) {
    const uint4* query = reinterpret_cast<const uint4*>(chip);
    const uint4* row = reinterpret_cast<const uint4*>(chip + inner + key * stride);
    float score = 0;
    KILN_UNROLL
    for (int unit = 0; unit < UNITS; unit++) {
      score += product_of_units(query[unit], row[unit]);
    }
    weights[key] = score;
    highest = fmaxf(highest, score);
  }
  highest = highest_of_warp(highest);
  if (lane == 0) {
    of_warps[warp] = highest;
  }
  __syncthreads();
  highest = highest_of_warp(of_warps[lane % WARPS]);
  // The warp adds the weights of the keys whose values it adds.
  float total = 0;
  float2 sum{0, 0};
  for (int key = warp; key < tokens; key += WARPS) {
    float weight = power_of_2(weights[key] - highest);
    unsigned both = *reinterpret_cast<const unsigned*>(chip + 2 * inner + key * stride + lane * 2);
    total += weight;
    sum.x += weight * float_of(both << 16);
    sum.y += weight * float_of(both & 0xFFFF0000u);
  }
  sums[warp * LANES + lane] = sum;
  // All have read the maxima.
  __syncthreads();
  if (lane == 0) {
    of_warps[warp] = total;
  }
  __syncthreads();
  if (warp == 0) {
    for (int other = 1; other < WARPS; other++) {
      sum.x += sums[other * LANES + lane].x;
      sum.y += sums[other * LANES + lane].y;
      total += of_warps[other];
    }
    *reinterpret_cast<unsigned*>(out + lane * 2) = pair(sum.x / total, sum.y / total);
  }
}

}  // namespace

// qkv [B, T, 3I], each of queries, keys and values [heads, 64]; out [B, T, I]; I = heads · 64. Queries are scaled by
// log2(e) / 8. Blocks: x the class token, then 128 patches each; y over heads, z over chips. Shared memory: QUERIES and
// STAGES rows, and 1,024 bytes for their alignment; it also has place for the weights of 16,385 tokens.
KILN_KERNEL(THREADS, 2)
kiln_attention_64_sm90(const bf16* qkv, bf16* out, int tokens, int heads) {
  int inner = heads * HEAD;
  long long chip = static_cast<long long>(blockIdx.z) * tokens;
  const bf16* from = qkv + chip * 3 * inner + blockIdx.y * HEAD;
  bf16* to = out + chip * inner + blockIdx.y * HEAD;
  char* memory = shared_memory();
  // The layout repeats every 1,024 bytes of shared memory.
  memory += (1024 - shared_address(memory) % 1024) % 1024;
  if (blockIdx.x == 0) {
    attend_class_token(memory, from, to, tokens, inner);
  } else {
    attend(memory, from, to, 1 + (static_cast<int>(blockIdx.x) - 1) * QUERIES, tokens, inner);
  }
}
