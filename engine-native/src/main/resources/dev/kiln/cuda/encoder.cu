// Kernels of the encoder's forward pass after the patch rows; dev.kiln.infer.gpu.KernelForwardPass launches them.
//
// T = 1 + L tokens, D = dim, I = heads · HEAD. Matrix products read bfloat16 and accumulate in float32; the residual
// stream, LayerNorm and softmax are float32. Tensor cores are used through mma.sync, which all architectures from sm_80
// on have.
//
// Compiled for the device by NVRTC, without include files, behind device.h; and for tests by the host's compiler.

namespace {

// The erf form, with which the encoder was trained: max(x, 0) - |x| · Q(|x|), where Q is the upper tail of the normal
// distribution. Q(a) · exp(a² / 2) is a polynomial in 1 / (1 + 0.37 a), fitted for the least relative error; the result
// differs from gelu(x) by at most 4e-5 of it, a fiftieth of the rounding to bfloat16. It takes half the instructions of
// erff, which would take longer than the memory accesses of a pass.
KILN_DEVICE float gelu(float x) {
  float size = fabsf(x);
  float t = reciprocal(1.0f + 0.37f * size);
  float tail = ((((-0.090368144f * t + 0.20997022f) * t + 0.076108627f) * t + 0.15738623f) * t + 0.14691859f) * t;
  return fmaxf(x, 0.0f) - size * tail * power_of_2(-0.72134752f * x * x);
}

// ---- Products ----------------------------------------------------------------------------------

// A block computes 128 × 128 values of the product, each of its 8 warps 64 × 32. Each step loads 32 terms into shared
// memory, with four steps in flight. Rows in shared memory are padded by 16 bytes, so that the 8 rows of a fragment are
// in different banks.
constexpr int ROWS = 128;
constexpr int COLUMNS = 128;
constexpr int TERMS = 32;
constexpr int STAGES = 4;
constexpr int A_STRIDE = TERMS + 8;
constexpr int W_STRIDE = COLUMNS + 8;
constexpr int A_STAGE = ROWS * A_STRIDE;
constexpr int W_STAGE = TERMS * W_STRIDE;
constexpr int PRODUCT_THREADS = 256;

enum Epilogue {
  STORE,  // out = bfloat16 of the product
  GELU,   // out = bfloat16 of gelu(product + bias)
  ADD,    // out += product + bias, float32; bias may be null
};

struct Product {
  const bf16* a;  // [m, k], rows a_stride apart
  long long a_stride;
  const bf16* w;  // [k, n]
  int m;
  int n;              // a multiple of 8
  int k;              // a multiple of 32
  const float* bias;  // [n]
  void* out;          // [m, n], rows out_stride apart
  long long out_stride;
  int group;  // if not 0: out has one more row before every `group` rows of a, which is skipped
};

KILN_DEVICE void load_terms(const Product& p, int step, bf16* a, bf16* w) {
  int first_row = blockIdx.y * ROWS;
  int first_column = blockIdx.x * COLUMNS;
  for (int i = threadIdx.x; i < ROWS * TERMS / 8; i += PRODUCT_THREADS) {
    int row = i / (TERMS / 8);
    int at = i % (TERMS / 8) * 8;
    bool there = first_row + row < p.m;
    long long source = there ? (first_row + row) * p.a_stride + step * TERMS + at : 0;
    copy_async(a + row * A_STRIDE + at, p.a + source, there);
  }
  for (int i = threadIdx.x; i < TERMS * COLUMNS / 8; i += PRODUCT_THREADS) {
    int row = i / (COLUMNS / 8);
    int at = i % (COLUMNS / 8) * 8;
    bool there = first_column + at < p.n;
    long long source = there ? static_cast<long long>(step * TERMS + row) * p.n + first_column + at : 0;
    copy_async(w + row * W_STRIDE + at, p.w + source, there);
  }
}

template <Epilogue EPILOGUE>
KILN_DEVICE void finish(const Product& p, int row, int column, float x, float y) {
  if (row >= p.m || column >= p.n) {
    return;
  }
  if (EPILOGUE != STORE && p.bias != nullptr) {
    x += p.bias[column];
    y += p.bias[column + 1];
  }
  long long target = p.group == 0 ? row : row + row / p.group + 1;
  long long at = target * p.out_stride + column;
  if (EPILOGUE == ADD) {
    float2* out = reinterpret_cast<float2*>(static_cast<float*>(p.out) + at);
    float2 before = *out;
    *out = float2{before.x + x, before.y + y};
  } else {
    unsigned both = EPILOGUE == GELU ? pair(gelu(x), gelu(y)) : pair(x, y);
    *reinterpret_cast<unsigned*>(static_cast<bf16*>(p.out) + at) = both;
  }
}

template <Epilogue EPILOGUE>
KILN_DEVICE void product(const Product& p) {
  bf16* a_stages = reinterpret_cast<bf16*>(shared_memory());
  bf16* w_stages = a_stages + STAGES * A_STAGE;
  int lane = threadIdx.x % LANES;
  int warp = threadIdx.x / LANES;
  int warp_row = warp / 4 * 64;
  int warp_column = warp % 4 * 32;
  float sums[4][4][4] = {};
  int steps = p.k / TERMS;
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < steps) {
      load_terms(p, s, a_stages + s * A_STAGE, w_stages + s * W_STAGE);
    }
    commit_copies();
  }
  for (int step = 0; step < steps; step++) {
    wait_copies<STAGES - 2>();
    // All threads have this step, and none still reads the previous one, whose memory is filled next.
    __syncthreads();
    int next = step + STAGES - 1;
    if (next < steps) {
      load_terms(p, next, a_stages + next % STAGES * A_STAGE, w_stages + next % STAGES * W_STAGE);
    }
    commit_copies();
    const bf16* a = a_stages + step % STAGES * A_STAGE;
    const bf16* w = w_stages + step % STAGES * W_STAGE;
    KILN_UNROLL
    for (int k = 0; k < TERMS; k += 16) {
      unsigned left[4][4];
      unsigned right[2][4];
      KILN_UNROLL
      for (int i = 0; i < 4; i++) {
        load_matrices(left[i], a + (warp_row + i * 16 + lane % 16) * A_STRIDE + k + lane / 16 * 8);
      }
      KILN_UNROLL
      for (int j = 0; j < 2; j++) {
        load_transposed(right[j], w + (k + lane % 16) * W_STRIDE + warp_column + j * 16 + lane / 16 * 8);
      }
      KILN_UNROLL
      for (int i = 0; i < 4; i++) {
        KILN_UNROLL
        for (int j = 0; j < 4; j++) {
          multiply(sums[i][j], left[i], right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]);
        }
      }
    }
  }
  int row = blockIdx.y * ROWS + warp_row + lane / 4;
  int column = blockIdx.x * COLUMNS + warp_column + lane % 4 * 2;
  KILN_UNROLL
  for (int i = 0; i < 4; i++) {
    KILN_UNROLL
    for (int j = 0; j < 4; j++) {
      finish<EPILOGUE>(p, row + i * 16, column + j * 8, sums[i][j][0], sums[i][j][1]);
      finish<EPILOGUE>(p, row + i * 16 + 8, column + j * 8, sums[i][j][2], sums[i][j][3]);
    }
  }
}

// ---- Attention ---------------------------------------------------------------------------------

// A block computes 64 queries of one head, 16 per warp, over all keys, 64 at a time. Scores, their running maximum and
// sum, and the weighted values stay in registers. The key of the class token is first, in a step of its own, so that
// the 1024 patches of a chip fill 16 steps. Scores are logarithms to base 2: weights of queries are scaled by log2(e).
constexpr int QUERIES = 64;
constexpr int KEYS = 64;
constexpr int HEAD_PADDING = 8;
constexpr int ATTENTION_THREADS = 128;

// Copies rows of one head from `row` on; zeros from row `tokens` on.
template <int HEAD>
KILN_DEVICE void load_rows(bf16* to, const bf16* from, long long stride, int row, int tokens) {
  for (int i = threadIdx.x; i < KEYS * HEAD / 8; i += ATTENTION_THREADS) {
    int r = i / (HEAD / 8);
    int at = i % (HEAD / 8) * 8;
    bool there = row + r < tokens;
    copy_async(to + r * (HEAD + HEAD_PADDING) + at, from + (there ? (row + r) * stride + at : 0), there);
  }
}

template <int HEAD>
KILN_DEVICE void attention(const bf16* qkv, bf16* out, int tokens, int wanted, int heads) {
  constexpr int HEAD_STRIDE = HEAD + HEAD_PADDING;
  bf16* queries = reinterpret_cast<bf16*>(shared_memory());
  bf16* keys = queries + QUERIES * HEAD_STRIDE;  // two of them
  bf16* values = keys + 2 * KEYS * HEAD_STRIDE;  // two of them
  int lane = threadIdx.x % LANES;
  int warp = threadIdx.x / LANES;
  int inner = heads * HEAD;
  long long stride = 3LL * inner;
  const bf16* chip = qkv + blockIdx.z * tokens * stride + blockIdx.y * HEAD;
  int first = blockIdx.x * QUERIES;
  // A warp without queries only copies.
  bool active = first + warp * 16 < wanted;

  load_rows<HEAD>(queries, chip, stride, first, tokens);
  commit_copies();
  load_rows<HEAD>(keys, chip + inner, stride, 1, tokens);
  load_rows<HEAD>(values, chip + 2 * inner, stride, 1, tokens);
  commit_copies();
  wait_copies<1>();
  __syncthreads();

  unsigned query[HEAD / 16][4];
  float sums[HEAD / 8][4];
  float most[2];  // of the two rows of which this lane has a part
  float total[2];
  if (active) {
    KILN_UNROLL
    for (int k = 0; k < HEAD / 16; k++) {
      load_matrices(query[k], queries + (warp * 16 + lane % 16) * HEAD_STRIDE + k * 16 + lane / 16 * 8);
    }
    const bf16* class_key = chip + inner + lane % 4 * 2;
    const bf16* class_value = chip + 2 * inner + lane % 4 * 2;
    KILN_UNROLL
    for (int half = 0; half < 2; half++) {
      float score = 0;
      KILN_UNROLL
      for (int k = 0; k < HEAD / 8; k++) {
        score +=
            product_of_pairs(query[k / 2][half + k % 2 * 2], *reinterpret_cast<const unsigned*>(class_key + k * 8));
      }
      score += exchange(score, 1);
      most[half] = score + exchange(score, 2);
      // The four lanes of a row combine their sums at the end.
      total[half] = lane % 4 == 0 ? 1.0f : 0.0f;
      KILN_UNROLL
      for (int j = 0; j < HEAD / 8; j++) {
        unsigned both = *reinterpret_cast<const unsigned*>(class_value + j * 8);
        sums[j][2 * half] = float_of(both << 16);
        sums[j][2 * half + 1] = float_of(both & 0xFFFF0000u);
      }
    }
  }

  int steps = (tokens - 1 + KEYS - 1) / KEYS;
  for (int step = 0; step < steps; step++) {
    if (step + 1 < steps) {
      int place = (step + 1) % 2 * KEYS * HEAD_STRIDE;
      load_rows<HEAD>(keys + place, chip + inner, stride, 1 + (step + 1) * KEYS, tokens);
      load_rows<HEAD>(values + place, chip + 2 * inner, stride, 1 + (step + 1) * KEYS, tokens);
    }
    commit_copies();
    wait_copies<1>();
    __syncthreads();
    const bf16* key = keys + step % 2 * KEYS * HEAD_STRIDE;
    const bf16* value = values + step % 2 * KEYS * HEAD_STRIDE;
    if (active) {
      float scores[KEYS / 8][4] = {};
      KILN_UNROLL
      for (int k = 0; k < HEAD / 16; k++) {
        KILN_UNROLL
        for (int j = 0; j < KEYS / 16; j++) {
          unsigned right[4];
          load_matrices(right, key + (j * 16 + lane / 16 * 8 + lane % 8) * HEAD_STRIDE + k * 16 + lane / 8 % 2 * 8);
          multiply(scores[2 * j], query[k], right[0], right[1]);
          multiply(scores[2 * j + 1], query[k], right[2], right[3]);
        }
      }

      int rest = tokens - 1 - step * KEYS;
      if (rest < KEYS) {
        KILN_UNROLL
        for (int j = 0; j < KEYS / 8; j++) {
          KILN_UNROLL
          for (int i = 0; i < 4; i++) {
            scores[j][i] = j * 8 + lane % 4 * 2 + i % 2 < rest ? scores[j][i] : LEAST;
          }
        }
      }

      KILN_UNROLL
      for (int half = 0; half < 2; half++) {
        float highest = most[half];
        KILN_UNROLL
        for (int j = 0; j < KEYS / 8; j++) {
          highest = fmaxf(highest, fmaxf(scores[j][2 * half], scores[j][2 * half + 1]));
        }
        highest = fmaxf(highest, exchange(highest, 1));
        highest = fmaxf(highest, exchange(highest, 2));
        float shrink = power_of_2(most[half] - highest);
        most[half] = highest;
        total[half] *= shrink;
        KILN_UNROLL
        for (int j = 0; j < HEAD / 8; j++) {
          sums[j][2 * half] *= shrink;
          sums[j][2 * half + 1] *= shrink;
        }
        KILN_UNROLL
        for (int j = 0; j < KEYS / 8; j++) {
          KILN_UNROLL
          for (int i = 0; i < 2; i++) {
            float& score = scores[j][2 * half + i];
            score = power_of_2(score - highest);
            total[half] += score;
          }
        }
      }

      KILN_UNROLL
      for (int k = 0; k < KEYS / 16; k++) {
        unsigned share[4] = {
            pair(scores[2 * k][0], scores[2 * k][1]),
            pair(scores[2 * k][2], scores[2 * k][3]),
            pair(scores[2 * k + 1][0], scores[2 * k + 1][1]),
            pair(scores[2 * k + 1][2], scores[2 * k + 1][3]),
        };
        KILN_UNROLL
        for (int j = 0; j < HEAD / 16; j++) {
          unsigned right[4];
          load_transposed(right, value + (k * 16 + lane % 16) * HEAD_STRIDE + j * 16 + lane / 16 * 8);
          multiply(sums[2 * j], share, right[0], right[1]);
          multiply(sums[2 * j + 1], share, right[2], right[3]);
        }
      }
    }
    // The step after next replaces this one.
    __syncthreads();
  }

  if (!active) {
    return;
  }
  KILN_UNROLL
  for (int half = 0; half < 2; half++) {
    float sum = total[half] + exchange(total[half], 1);
    sum += exchange(sum, 2);
    float scale = 1.0f / sum;
    int token = first + warp * 16 + lane / 4 + half * 8;
    if (token < wanted) {
      bf16* row = out + (static_cast<long long>(blockIdx.z) * tokens + token) * inner + blockIdx.y * HEAD;
      KILN_UNROLL
      for (int j = 0; j < HEAD / 8; j++) {
        *reinterpret_cast<unsigned*>(row + j * 8 + lane % 4 * 2) =
            pair(sums[j][2 * half] * scale, sums[j][2 * half + 1] * scale);
      }
    }
  }
}

// ---- LayerNorm and the first tokens ------------------------------------------------------------

constexpr float EPSILON = 1e-5f;
constexpr int NORM_THREADS = 256;
// Pairs of a row that a lane keeps in registers: a row of up to 1,024 numbers is read from memory once.
constexpr int KEPT_PAIRS = 16;

// Returns the sum of the squared differences of a pair from the mean.
KILN_DEVICE float square_of_difference(float2 v, float mean) {
  float a = v.x - mean;
  float b = v.y - mean;
  return a * a + b * b;
}

// One warp normalizes one row of `dim` values, a multiple of 64; each lane has every 32nd pair.
template <bool NARROW>
KILN_DEVICE void layer_norm(const float* x, long long stride, const float* weight, const float* bias, void* out,
                            int rows, int dim) {
  int row = blockIdx.x * (NORM_THREADS / LANES) + threadIdx.x / LANES;
  int lane = threadIdx.x % LANES;
  if (row >= rows) {
    return;
  }
  const float2* from = reinterpret_cast<const float2*>(x + row * stride);
  const int pairs = dim / 2 / LANES;  // of each lane
  float2 kept[KEPT_PAIRS];
  float sum = 0;
  // Unrolled with bounds known to the compiler, so that `kept` stays in registers.
  KILN_UNROLL
  for (int i = 0; i < KEPT_PAIRS; i++) {
    kept[i] = i < pairs ? from[i * LANES + lane] : float2{0, 0};
    sum += kept[i].x + kept[i].y;
  }
  for (int i = KEPT_PAIRS; i < pairs; i++) {
    float2 v = from[i * LANES + lane];
    sum += v.x + v.y;
  }
  float mean = sum_of_warp(sum) / dim;
  float squares = 0;
  KILN_UNROLL
  for (int i = 0; i < KEPT_PAIRS; i++) {
    if (i < pairs) {
      squares += square_of_difference(kept[i], mean);
    }
  }
  for (int i = KEPT_PAIRS; i < pairs; i++) {
    squares += square_of_difference(from[i * LANES + lane], mean);
  }
  float scale = 1.0f / sqrtf(sum_of_warp(squares) / dim + EPSILON);
  auto store = [&](int i, float2 v) {
    int at = i * LANES + lane;
    float2 w = reinterpret_cast<const float2*>(weight)[at];
    float2 b = reinterpret_cast<const float2*>(bias)[at];
    float2 normed{(v.x - mean) * scale * w.x + b.x, (v.y - mean) * scale * w.y + b.y};
    long long to = static_cast<long long>(row) * (dim / 2) + at;
    if (NARROW) {
      static_cast<unsigned*>(out)[to] = pair(normed.x, normed.y);
    } else {
      static_cast<float2*>(out)[to] = normed;
    }
  };
  KILN_UNROLL
  for (int i = 0; i < KEPT_PAIRS; i++) {
    if (i < pairs) {
      store(i, kept[i]);
    }
  }
  for (int i = KEPT_PAIRS; i < pairs; i++) {
    store(i, from[i * LANES + lane]);
  }
}

// ---- GELU as a separate pass, after products of cuBLASLt ---------------------------------------

constexpr int GELU_THREADS = 256;
constexpr int GELU_ROWS = 4;
constexpr int GELU_COLUMNS = 8;

// Replaces two adjacent 16-bit values by gelu(value + bias).
KILN_DEVICE unsigned gelu_pair(unsigned both, float low, float high) {
  return pair(gelu(float_of(both << 16) + low), gelu(float_of(both & 0xFFFF0000u) + high));
}

// A thread has the same columns of adjacent rows: it reads their biases once, and all values before it uses any.
KILN_DEVICE void gelu_pass(bf16* x, const float* bias, int rows, int n) {
  unsigned across = n / GELU_COLUMNS;
  unsigned place = blockIdx.x * GELU_THREADS + threadIdx.x;
  unsigned column = place % across * GELU_COLUMNS;
  long long row = static_cast<long long>(place / across) * GELU_ROWS;
  int count = static_cast<int>(rows - row < GELU_ROWS ? rows - row : GELU_ROWS);
  if (count <= 0) {
    return;
  }
  uint4* first = reinterpret_cast<uint4*>(x + row * n + column);
  uint4 values[GELU_ROWS];
  KILN_UNROLL
  for (int i = 0; i < GELU_ROWS; i++) {
    values[i] = i < count ? first[static_cast<long long>(i) * across] : uint4{0, 0, 0, 0};
  }
  float4 low = reinterpret_cast<const float4*>(bias + column)[0];
  float4 high = reinterpret_cast<const float4*>(bias + column)[1];
  KILN_UNROLL
  for (int i = 0; i < GELU_ROWS; i++) {
    if (i < count) {
      first[static_cast<long long>(i) * across] =
          uint4{gelu_pair(values[i].x, low.x, low.y), gelu_pair(values[i].y, low.z, low.w),
                gelu_pair(values[i].z, high.x, high.y), gelu_pair(values[i].w, high.z, high.w)};
    }
  }
}

constexpr int METADATA = 8;

// Returns a token before its patch is added: the class token, or position, time and location.
KILN_DEVICE float first_token(int token, int i, int side, int dim, const float* omega, float gsd, const float* time,
                              const float* latlon, const float* class_token) {
  if (token == 0) {
    return class_token[i];
  }
  int placed = dim - METADATA;
  if (i >= placed) {
    int m = i - placed;
    return m < 4 ? time[m] : latlon[m - 4];
  }
  int q = placed / 4;
  int patch = token - 1;
  int at = i < 2 * q ? patch % side : patch / side;
  float angle = at * (omega[i % q] * gsd);
  return i / q % 2 == 0 ? sinf(angle) : cosf(angle);
}

}  // namespace

KILN_KERNEL(PRODUCT_THREADS, 1)
kiln_product(const bf16* a, long long a_stride, const bf16* w, int m, int n, int k, const float* bias, void* out,
             long long out_stride, int group) {
  product<STORE>(Product{a, a_stride, w, m, n, k, bias, out, out_stride, group});
}

KILN_KERNEL(PRODUCT_THREADS, 1)
kiln_product_gelu(const bf16* a, long long a_stride, const bf16* w, int m, int n, int k, const float* bias, void* out,
                  long long out_stride, int group) {
  product<GELU>(Product{a, a_stride, w, m, n, k, bias, out, out_stride, group});
}

KILN_KERNEL(PRODUCT_THREADS, 1)
kiln_product_add(const bf16* a, long long a_stride, const bf16* w, int m, int n, int k, const float* bias, void* out,
                 long long out_stride, int group) {
  product<ADD>(Product{a, a_stride, w, m, n, k, bias, out, out_stride, group});
}

// qkv [B, T, 3I], each of queries, keys and values [heads, HEAD]; out [B, T, I]. Queries are scaled by log2(e) /
// sqrt(HEAD). Only the first `wanted` queries of a chip are computed. Blocks: x over these, y over heads, z over chips.
// One kernel per head size, compiled for four blocks per multiprocessor (see resources.txt).
#define KILN_ATTENTION(head)                                                             \
  KILN_KERNEL(ATTENTION_THREADS, 4)                                                      \
  kiln_attention_##head(const bf16* qkv, bf16* out, int tokens, int wanted, int heads) { \
    attention<head>(qkv, out, tokens, wanted, heads);                                    \
  }
KILN_ATTENTION(16)
KILN_ATTENTION(32)
KILN_ATTENTION(48)
KILN_ATTENTION(64)

// x float32 [rows, dim], rows stride apart; out [rows, dim]. The wide one can write over x if stride is dim: a lane
// reads all of its pairs before it writes any.
KILN_KERNEL(NORM_THREADS, 1)
kiln_norm(const float* x, long long stride, const float* weight, const float* bias, void* out, int rows, int dim) {
  layer_norm<true>(x, stride, weight, bias, out, rows, dim);
}

KILN_KERNEL(NORM_THREADS, 1)
kiln_norm_wide(const float* x, long long stride, const float* weight, const float* bias, void* out, int rows, int dim) {
  layer_norm<false>(x, stride, weight, bias, out, rows, dim);
}

// x [rows, n], in place; n is a multiple of 8. A thread computes 8 adjacent values of GELU_ROWS rows. Blocks: x over
// these, row by row.
KILN_KERNEL(GELU_THREADS, 1)
kiln_gelu(bf16* x, const float* bias, int rows, int n) { gelu_pass(x, bias, rows, n); }

// tokens float32 [B, T, dim]; out [B, V, dim], the vectors of a chip: its class token; if mean is 1, the mean of its
// patch tokens; their means in each cell of a grid, row by row. side is a multiple of grid, which is 0 without cells.
// Blocks: x over vectors, y over chips, z over values.
KILN_KERNEL(NORM_THREADS, 1)
kiln_vectors(const float* tokens, float* out, int side, int grid, int mean, int dim) {
  int i = blockIdx.z * NORM_THREADS + threadIdx.x;
  if (i >= dim) {
    return;
  }
  int vector = blockIdx.x;
  long long chip = blockIdx.y;
  const float* token = tokens + chip * (side * side + 1) * dim + i;
  float value = *token;
  if (vector > 0) {
    int cell = vector - 1 - mean;  // -1: all patches
    int edge = cell < 0 ? side : side / grid;
    int first = cell < 0 ? 1 : 1 + cell / grid * edge * side + cell % grid * edge;
    float sum = 0;
    for (int y = 0; y < edge; y++) {
      // A sum per row of patches: adding 1,024 numbers one by one loses more bits.
      float row = 0;
      for (int x = 0; x < edge; x++) {
        row += token[static_cast<long long>(first + y * side + x) * dim];
      }
      sum += row;
    }
    value = sum / (edge * edge);
  }
  out[(chip * (1 + mean + grid * grid) + vector) * dim + i] = value;
}

// x float32 [B, T, dim]; time, latlon [B, 4]; gsd [1]; omega [(dim - 8) / 4]. Blocks: x over tokens, y over chips.
KILN_KERNEL(NORM_THREADS, 1)
kiln_tokens(float* x, const float* class_token, const float* omega, const float* time, const float* latlon,
            const float* gsd, int side, int dim) {
  int token = blockIdx.x;
  int chip = blockIdx.y;
  float* row = x + (static_cast<long long>(chip) * (side * side + 1) + token) * dim;
  for (int i = threadIdx.x; i < dim; i += NORM_THREADS) {
    row[i] = first_token(token, i, side, dim, omega, gsd[0], time + 4 * chip, latlon + 4 * chip, class_token);
  }
}
