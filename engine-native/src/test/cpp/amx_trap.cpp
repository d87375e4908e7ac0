// Executes the kernels with AMX on any CPU with AVX2: a handler of SIGILL decodes and executes the eight tile
// instructions, as Intel's manual defines them, on tiles in memory. The results must have the bytes of the portable
// emulation, compiled with the same options. On a CPU with AMX the instructions may not trap; then they are compared,
// too.
//
// Prints the number of executed instructions of each kind and ends with 0 if all results agree.
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "bf16/kernel.h"
#include "bf16/tiles_amx.h"
#include "bf16/tiles_emulated.h"

namespace {

using namespace kiln;

struct Tile {
  uint8_t bytes[16][64];
};

Tile tiles[8];
int rows_of[8];
int row_bytes_of[8];
bool configured = false;

enum Kind { kConfigure, kRelease, kZero, kLoad, kStore, kMultiply, kKinds };
const char* const kNames[kKinds] = {"ldtilecfg", "tilerelease", "tilezero", "tileloadd", "tilestored", "tdpbf16ps"};
long executed[kKinds];

[[noreturn]] void refuse(const char* why) {
  fprintf(stderr, "amx_trap: %s\n", why);
  _exit(2);
}

// The general registers in the order of their numbers in instructions.
greg_t& general(ucontext_t* context, int number) {
  static const int kOrder[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                 REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return context->uc_mcontext.gregs[kOrder[number]];
}

struct Operand {
  uint8_t* address;
  int64_t stride;  // index · scale, which tile loads take as the distance of rows
  int length;      // bytes of ModRM, SIB and displacement
};

Operand memory_operand(ucontext_t* context, const uint8_t* modrm, bool x, bool b, bool indexed) {
  const int mod = modrm[0] >> 6;
  const int rm = modrm[0] & 7;
  const uint8_t* next = modrm + 1;
  int64_t base = 0;
  int64_t stride = 0;
  bool no_base = false;
  if (rm == 4) {
    const int scale = *next >> 6;
    const int index = (*next >> 3 & 7) | x << 3;
    const int number = (*next & 7) | b << 3;
    next++;
    stride = index == 4 ? 0 : general(context, index) << scale;
    no_base = mod == 0 && (number & 7) == 5;
    base = no_base ? 0 : general(context, number);
  } else if (mod == 0 && rm == 5) {
    no_base = true;  // relative to the next instruction: completed below
  } else {
    base = general(context, rm | b << 3);
  }
  const bool relative = rm == 5 && mod == 0;
  int32_t displacement = 0;
  if (mod == 1) {
    displacement = static_cast<int8_t>(*next++);
  } else if (mod == 2 || no_base) {
    memcpy(&displacement, next, sizeof(displacement));
    next += 4;
  }
  if (relative) {
    base = reinterpret_cast<int64_t>(next);
  }
  const int64_t address = base + displacement + (indexed ? 0 : stride);
  return {reinterpret_cast<uint8_t*>(address), stride, static_cast<int>(next - modrm)};
}

void configure(const uint8_t* config) {
  if (config[0] != 1) {
    refuse("expected palette 1");
  }
  for (int i = 0; i < 8; i++) {
    uint16_t width;
    memcpy(&width, config + 16 + 2 * i, sizeof(width));
    rows_of[i] = config[48 + i];
    row_bytes_of[i] = width;
    if (rows_of[i] > 16 || width > 64 || (rows_of[i] == 0) != (width == 0)) {
      refuse("a tile is configured wrongly");
    }
  }
  memset(tiles, 0, sizeof(tiles));
  configured = true;
}

float flushed(uint32_t bits) {
  if ((bits & 0x7f800000) == 0) {
    return 0;
  }
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

float flushed(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return flushed(bits);
}

// tdpbf16ps: even and odd products apart, then their sum to the destination.
void multiply(Tile& c, int c_rows, int c_bytes, const Tile& a, int a_bytes, const Tile& b) {
  for (int m = 0; m < c_rows; m++) {
    float even[16] = {};
    float odd[16] = {};
    for (int k = 0; k < a_bytes / 4; k++) {
      uint32_t left;
      memcpy(&left, a.bytes[m] + 4 * k, sizeof(left));
      for (int n = 0; n < c_bytes / 4; n++) {
        uint32_t right;
        memcpy(&right, b.bytes[k] + 4 * n, sizeof(right));
        even[n] = flushed(even[n] + flushed(left << 16) * flushed(right << 16));
        odd[n] = flushed(odd[n] + flushed(left & 0xffff0000) * flushed(right & 0xffff0000));
      }
    }
    for (int n = 0; n < c_bytes / 4; n++) {
      float sum;
      memcpy(&sum, c.bytes[m] + 4 * n, sizeof(sum));
      sum = flushed(flushed(sum) + flushed(even[n] + odd[n]));
      memcpy(c.bytes[m] + 4 * n, &sum, sizeof(sum));
    }
  }
}

void execute(int, siginfo_t*, void* data) {
  ucontext_t* context = static_cast<ucontext_t*>(data);
  const uint8_t* at = reinterpret_cast<const uint8_t*>(context->uc_mcontext.gregs[REG_RIP]);
  if (at[0] != 0xc4 || (at[1] & 0x1f) != 2 || (at[2] & 0x84) != 0) {
    refuse("an instruction that is not of AMX");
  }
  const bool r = (at[1] & 0x80) == 0;
  const bool x = (at[1] & 0x40) == 0;
  const bool b = (at[1] & 0x20) == 0;
  const int third = ~(at[2] >> 3) & 15;
  const int prefix = at[2] & 3;  // none, 66, F3, F2
  const uint8_t opcode = at[3];
  const uint8_t* modrm = at + 4;
  const int tile = modrm[0] >> 3 & 7;
  const bool registers = modrm[0] >> 6 == 3;
  if (r) {
    refuse("a tile beyond 7");
  }
  int length = 1;
  if (opcode == 0x49 && prefix == 0 && !registers && tile == 0) {
    const Operand operand = memory_operand(context, modrm, x, b, false);
    configure(operand.address);
    length = operand.length;
    executed[kConfigure]++;
  } else if (!configured) {
    refuse("tiles are used before they are configured");
  } else if (opcode == 0x49 && prefix == 0 && modrm[0] == 0xc0) {
    configured = false;
    executed[kRelease]++;
  } else if (opcode == 0x49 && prefix == 3 && registers) {
    memset(&tiles[tile], 0, sizeof(Tile));
    executed[kZero]++;
  } else if (opcode == 0x4b && (prefix == 3 || prefix == 2) && !registers && (modrm[0] & 7) == 4) {
    const Operand operand = memory_operand(context, modrm, x, b, true);
    for (int row = 0; row < rows_of[tile]; row++) {
      uint8_t* memory = operand.address + row * operand.stride;
      if (prefix == 3) {
        memcpy(tiles[tile].bytes[row], memory, row_bytes_of[tile]);
      } else {
        memcpy(memory, tiles[tile].bytes[row], row_bytes_of[tile]);
      }
    }
    length = operand.length;
    executed[prefix == 3 ? kLoad : kStore]++;
  } else if (opcode == 0x5c && prefix == 2 && registers) {
    const int second = modrm[0] & 7;
    if (third > 7 || row_bytes_of[second] / 4 != rows_of[third]) {
      refuse("tiles of a product do not fit");
    }
    multiply(tiles[tile], rows_of[tile], row_bytes_of[tile], tiles[second], row_bytes_of[second], tiles[third]);
    executed[kMultiply]++;
  } else {
    refuse("an unknown instruction of AMX");
  }
  context->uc_mcontext.gregs[REG_RIP] += 4 + length;
}

std::vector<uint16_t> random_values(size_t count, unsigned seed, float deviation) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<uint16_t> values(count);
  for (uint16_t& value : values) {
    const float x = normal(generator);
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    value = static_cast<uint16_t>(bits >> 16);
  }
  return values;
}

char* scratch_of(size_t bytes) { return static_cast<char*>(aligned_alloc(64, (bytes + 63) / 64 * 64)); }

std::vector<uint16_t> attend(const detail::Bf16Kernel& kernel, const std::vector<uint16_t>& rows, int tokens, int heads,
                             int head_size) {
  const size_t width = static_cast<size_t>(heads) * head_size;
  std::vector<uint16_t> out(tokens * width);
  const Bf16AttentionArguments a = {rows.data(),
                                    rows.data() + width,
                                    rows.data() + 2 * width,
                                    out.data(),
                                    3 * width,
                                    3 * width,
                                    width,
                                    tokens,
                                    tokens,
                                    heads,
                                    head_size};
  char* scratch = scratch_of(kernel.attention_scratch(a));
  kernel.begin();
  for (int head = 0; head < heads; head++) {
    kernel.attention_pack(a, head, scratch);
    for (int first = 0; first < tokens; first += 32) {
      kernel.attention_block(a, head, first, std::min(32, tokens - first), scratch);
    }
  }
  kernel.end();
  free(scratch);
  return out;
}

std::vector<float> multiply(const detail::Bf16Kernel& kernel, int rows, int inner, int columns) {
  const std::vector<uint16_t> in = random_values(static_cast<size_t>(rows) * inner, 3, 1);
  const size_t size = detail::round_up(inner, 32) * detail::round_up(columns, 32);
  std::vector<uint16_t> weights = random_values(size, 5, 0.1f);
  std::vector<float> out(static_cast<size_t>(rows) * columns);
  const Bf16MatmulArguments a = {in.data(),
                                 weights.data(),
                                 nullptr,
                                 out.data(),
                                 static_cast<size_t>(inner),
                                 static_cast<size_t>(columns),
                                 rows,
                                 inner,
                                 columns,
                                 MatmulEpilogue::store,
                                 true};
  const int row_blocks = (rows + 31) / 32;
  const int group = (row_blocks + 1) / 2;
  char* scratch = scratch_of(kernel.matmul_scratch(a, group));
  kernel.begin();
  kernel.matmul(a, {0, row_blocks, 0, (columns + 31) / 32}, group, scratch);
  kernel.end();
  free(scratch);
  return out;
}

template <typename T>
bool equal(const char* what, int first, int second, int third, const std::vector<T>& found,
           const std::vector<T>& expected) {
  const bool same = memcmp(found.data(), expected.data(), found.size() * sizeof(T)) == 0;
  if (!same) {
    printf("%s %d %d %d: expected the bytes of the emulation, found others\n", what, first, second, third);
  }
  return same;
}

}  // namespace

int main() {
  struct sigaction action = {};
  action.sa_sigaction = execute;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, nullptr);
  // Without the permission, tile instructions of a CPU with AMX raise another exception.
  syscall(SYS_arch_prctl, 0x1023, 18);
  const detail::Bf16Kernel& amx = bf16_kernel<AmxTiles>();
  const detail::Bf16Kernel& emulated = bf16_kernel<EmulatedTiles<true>>();
  bool same = true;
  const int attentions[][3] = {{1, 1, 64},  {2, 1, 64},   {17, 2, 16}, {33, 1, 64},
                               {40, 2, 20}, {129, 1, 64}, {258, 1, 80}};
  for (const auto& size : attentions) {
    const std::vector<uint16_t> rows =
        random_values(static_cast<size_t>(3) * size[0] * size[1] * size[2], size[0], 0.7f);
    same &= equal("attention", size[0], size[1], size[2], attend(amx, rows, size[0], size[1], size[2]),
                  attend(emulated, rows, size[0], size[1], size[2]));
  }
  const int products[][3] = {{1, 32, 32}, {16, 64, 32}, {17, 40, 50}, {65, 600, 96}, {33, 1100, 40}};
  for (const auto& size : products) {
    same &= equal("product", size[0], size[1], size[2], multiply(amx, size[0], size[1], size[2]),
                  multiply(emulated, size[0], size[1], size[2]));
  }
  for (int kind = 0; kind < kKinds; kind++) {
    printf("%s=%ld ", kNames[kind], executed[kind]);
  }
  printf("equal=%s\n", same ? "yes" : "no");
  return same ? 0 : 1;
}
