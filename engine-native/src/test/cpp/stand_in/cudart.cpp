// The stand-in's libcudart.so.13, and the state that all of the stand-in's libraries share.
#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include "host_kernels.h"
#include "matrix.h"
#include "stand_in.h"

namespace {

using stand_in::Engine;

constexpr int INVALID_VALUE = 1;
constexpr int MEMORY_ALLOCATION = 2;
constexpr int INSUFFICIENT_DRIVER = 35;
constexpr int NO_DEVICE = 100;
constexpr int INVALID_KERNEL_IMAGE = 200;
constexpr int INVALID_RESOURCE_HANDLE = 400;
constexpr int SYMBOL_NOT_FOUND = 500;
constexpr int CAPTURE_UNSUPPORTED = 900;
constexpr int CAPTURE_INVALIDATED = 901;
constexpr int NO_CAPTURE = 401;

constexpr std::size_t DEFAULT_SHARED = 48 << 10;
constexpr std::size_t MAX_SHARED = 227 << 10;

// Maximum number of lines in a log; longer runs are rehearsals, whose log no test reads.
constexpr std::size_t MAX_LINES = 200'000;

struct Op {
  std::string what;
  Engine engine;
  double microseconds;
  std::function<void()> work;
};

struct Graph {
  std::vector<Op> ops;
};

struct Stream {
  int number;
  double ready = 0;
  bool capturing = false;
  bool invalidated = false;
  Graph captured;
};

struct Event {
  double time = 0;
  bool recorded = false;
  bool timed = false;
};

struct Library {
  std::string image;
};

struct Kernel {
  std::string name;
  const Library* library;
  std::size_t shared = DEFAULT_SHARED;
};

struct Block {
  std::string kind;
  std::size_t bytes;
};

struct Span {
  int stream;
  std::string what;
  double begin;
  double end;
};

struct Failure {
  std::string function;
  int countdown;
  int code;
  bool sticky;
};

struct State {
  std::map<const void*, Block> live;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<void*> quarantine;
  std::vector<std::string> violations;
  std::vector<Span> spans;
  std::map<std::string, long> calls;
  std::vector<std::string> log;
  std::vector<Failure> failures;
  int work_countdown = 0;
  int work_code = 0;
  int pending_error = 0;  // of work, reported by the next call that waits
  int device_error = 0;   // of every call from now on
  int last_error = 0;
  double now = 0;
  double engines[stand_in::ENGINES] = {};
  double kernel_microseconds = 10;
  double bytes_per_microsecond = 25e3;
  std::map<std::string, float> distortions;
  std::map<std::string, double> delays;  // microseconds, of kernels
  std::size_t memory = 80'000'000'000ul;
  std::size_t used = 0;
  int devices = 1;
  int driver = 13000;
  int streams = 0;
  const char* current = "";
};

State& state() {
  static State* instance = new State;
  return *instance;
}

int fail(int code) {
  state().last_error = code;
  return code;
}

int start(const char* function) {
  int code = stand_in::enter(function);
  return code != 0 ? fail(code) : state().device_error != 0 ? fail(state().device_error) : 0;
}

// As of a call that waits for work.
int finish_waiting() {
  State& s = state();
  if (s.pending_error != 0) {
    s.device_error = s.pending_error;
    s.pending_error = 0;
  }
  return s.device_error != 0 ? fail(s.device_error) : 0;
}

void run(Stream& stream, const Op& op) {
  State& s = state();
  double begin = std::max({s.now, stream.ready, s.engines[op.engine]});
  double end = begin + op.microseconds;
  stream.ready = s.engines[op.engine] = end;
  if (s.spans.size() < MAX_LINES) {
    s.spans.push_back(Span{stream.number, op.what, begin, end});
  }
  if (s.work_countdown > 0 && --s.work_countdown == 0) {
    s.pending_error = s.work_code;
  }
  if (s.pending_error == 0 && s.device_error == 0) {
    op.work();
  }
}

template <typename T>
T* handle(void* pointer, const char* kind) {
  return stand_in::require(kind, pointer) ? static_cast<T*>(pointer) : nullptr;
}

// Blocks keep their memory after they are freed, filled with a pattern, so that late reads see it and no address is
// reused.
void* allocate(const char* kind, std::size_t bytes, int pattern) {
  std::size_t rounded = (bytes + 255) / 256 * 256;
  void* block = std::aligned_alloc(256, rounded);
  std::memset(block, pattern, rounded);
  stand_in::created(kind, block, bytes);
  return block;
}

int release(const char* kind, void* block) {
  if (block == nullptr) {
    return 0;
  }
  State& s = state();
  auto found = s.live.find(block);
  std::size_t bytes = found == s.live.end() ? 0 : found->second.bytes;
  if (!stand_in::destroyed(kind, block)) {
    return fail(INVALID_VALUE);
  }
  std::memset(block, 0xDD, bytes);
  s.quarantine.push_back(block);
  if (std::strcmp(kind, "device") == 0) {
    s.used -= bytes;
  }
  return 0;
}

// Parameters of each kernel: p a pointer into device memory, n one that may be null, q 64 bits, i 32 bits.
const char* parameters(const std::string& name) {
  auto starts = [&name](const char* text) { return name.rfind(text, 0) == 0; };
  return starts("kiln_patches_")            ? "piip"
         : starts("kiln_product")           ? "pqpiiinpqi"
         : name == "kiln_attention_64_sm90" ? "ppii"
         : starts("kiln_attention_")        ? "ppiii"
         : starts("kiln_norm")              ? "pqpppii"
         : starts("kiln_tokens")            ? "ppppppii"
         : starts("kiln_vectors")           ? "ppiiii"
         : starts("kiln_gelu")              ? "ppii"
                                            : "";
}

// Makes the result of attention with heads of 64 wrong, if a test wants that.
bool distort_attention(const char* name, const int* blocks, const long long* arguments) {
  float factor = stand_in::distortion(name);
  if (factor != 1) {
    auto* out = reinterpret_cast<void*>(arguments[1]);
    for (long long i = 0; i < blocks[2] * arguments[2] * arguments[3] * 64; i++) {
      stand_in::store(out, stand_in::BFLOAT16, i, factor * stand_in::load(out, stand_in::BFLOAT16, i));
    }
  }
  return true;
}

bool contains(const std::string& image, const char* name) {
  std::string bounded = std::string(1, '\0') + name + std::string(1, '\0');
  return image.find(bounded) != std::string::npos;
}

// Returns the size of a cubin, which is an ELF file, or of an image made by the simulated NVRTC.
std::size_t image_size(const char* code) {
  auto u64 = [code](int at) {
    std::uint64_t value;
    std::memcpy(&value, code + at, 8);
    return value;
  };
  auto u16 = [code](int at) {
    std::uint16_t value;
    std::memcpy(&value, code + at, 2);
    return value;
  };
  if (std::memcmp(code + 4, "KILN", 4) == 0) {
    return u64(8);
  }
  std::uint64_t sections = u64(40) + static_cast<std::uint64_t>(u16(58)) * u16(60);
  std::uint64_t segments = u64(32) + static_cast<std::uint64_t>(u16(54)) * u16(56);
  return std::max(sections, segments);
}

}  // namespace

// ---- What the libraries share ------------------------------------------------------------------

namespace stand_in {

std::recursive_mutex& mutex() {
  static auto* instance = new std::recursive_mutex;
  return *instance;
}

int enter(const char* function) {
  State& s = state();
  s.calls[function]++;
  s.current = function;
  describe(function);
  for (auto failure = s.failures.begin(); failure != s.failures.end(); ++failure) {
    if (failure->function == function && --failure->countdown == 0) {
      int code = failure->code;
      if (failure->sticky) {
        s.device_error = code;
      }
      s.failures.erase(failure);
      return code;
    }
  }
  return 0;
}

void violation(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  state().violations.push_back(text);
}

void created(const char* kind, const void* handle, std::size_t bytes) { state().live[handle] = Block{kind, bytes}; }

bool exists(const char* kind, const void* handle) {
  auto found = state().live.find(handle);
  return found != state().live.end() && found->second.kind == kind;
}

bool require(const char* kind, const void* handle) {
  if (!exists(kind, handle)) {
    violation("%s: %p is no live %s", state().current, handle, kind);
    return false;
  }
  return true;
}

bool destroyed(const char* kind, const void* handle) {
  return require(kind, handle) && state().live.erase(handle) == 1;
}

bool require_device(const char* what, const void* address, std::size_t bytes) {
  State& s = state();
  auto next = s.live.upper_bound(address);
  if (next != s.live.begin()) {
    auto block = std::prev(next);
    auto offset = static_cast<const char*>(address) - static_cast<const char*>(block->first);
    if (block->second.kind == "device" && offset + bytes <= block->second.bytes) {
      return true;
    }
  }
  violation("%s: %s: %zu bytes at %p are not in one block of device memory", s.current, what, bytes, address);
  return false;
}

void enqueue(void* stream, const char* what, Engine engine, double microseconds, std::function<void()> work) {
  Stream* queue = handle<Stream>(stream, "stream");
  if (queue == nullptr) {
    return;
  }
  Op op{what, engine, microseconds, std::move(work)};
  if (queue->capturing) {
    queue->captured.ops.push_back(op);
  } else {
    run(*queue, op);
  }
}

float distortion(const char* what) {
  auto found = state().distortions.find(what);
  return found == state().distortions.end() ? 1 : found->second;
}

void describe(const std::string& text) {
  if (state().log.size() < MAX_LINES) {
    state().log.push_back(text);
  }
}

}  // namespace stand_in

// ---- The CUDA runtime --------------------------------------------------------------------------

#define LOCK std::lock_guard<std::recursive_mutex> lock(stand_in::mutex())
#define START \
  LOCK;       \
  if (int code = start(__func__)) return code

extern "C" {

struct dim3 {
  unsigned x, y, z;
};

int cudaRuntimeGetVersion(int* version) {
  LOCK;
  *version = 13030;
  return stand_in::enter(__func__);
}

int cudaDriverGetVersion(int* version) {
  LOCK;
  *version = state().driver;
  return stand_in::enter(__func__);
}

int cudaGetDeviceCount(int* count) {
  LOCK;
  *count = state().devices;
  int code = stand_in::enter(__func__);
  return code != 0                ? fail(code)
         : state().driver < 13000 ? fail(INSUFFICIENT_DRIVER)
         : state().devices == 0   ? fail(NO_DEVICE)
                                  : 0;
}

const char* cudaGetErrorString(int code) {
  LOCK;
  stand_in::enter(__func__);
  switch (code) {
    case 0: return "no error";
    case INVALID_VALUE: return "invalid argument";
    case MEMORY_ALLOCATION: return "out of memory";
    case INSUFFICIENT_DRIVER: return "CUDA driver version is insufficient for CUDA runtime version";
    case 46: return "all CUDA-capable devices are busy or unavailable";
    case NO_DEVICE: return "no CUDA-capable device is detected";
    case INVALID_KERNEL_IMAGE: return "device kernel image is invalid";
    case INVALID_RESOURCE_HANDLE: return "invalid resource handle";
    case NO_CAPTURE: return "the operation cannot be performed in the present state";
    case SYMBOL_NOT_FOUND: return "named symbol not found";
    case 700: return "an illegal memory access was encountered";
    case 719: return "unspecified launch failure";
    case CAPTURE_UNSUPPORTED: return "operation not permitted when stream is capturing";
    case CAPTURE_INVALIDATED: return "operation failed due to a previous error during capture";
    default: return "unrecognized error code";
  }
}

int cudaGetLastError() {
  LOCK;
  stand_in::enter(__func__);
  int code = state().last_error;
  state().last_error = 0;
  return code;
}

int cudaSetDeviceFlags(unsigned) {
  START;
  return 0;
}

// Only the fields that Kiln reads: the name, and the memory behind name, uuid and luid.
int cudaGetDeviceProperties(char* properties, int device) {
  START;
  if (device != 0) {
    return fail(101);
  }
  std::memset(properties, 0, 296);
  std::strcpy(properties, "Stand-in");
  std::memcpy(properties + 288, &state().memory, sizeof(std::size_t));
  return 0;
}

int cudaDeviceGetAttribute(int* value, int attribute, int device) {
  START;
  if (device != 0) {
    return fail(101);
  }
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : -1;
  return *value < 0 ? fail(INVALID_VALUE) : 0;
}

int cudaDeviceGetPCIBusId(char* text, int length, int device) {
  START;
  if (device != 0) {
    return fail(101);
  }
  std::snprintf(text, length, "0000:01:00.0");
  return 0;
}

int cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  START;
  *total = state().memory;
  *free = state().memory - state().used;
  return 0;
}

int cudaMalloc(void** block, std::size_t bytes) {
  START;
  State& s = state();
  if (bytes > s.memory - s.used) {
    *block = nullptr;
    return fail(MEMORY_ALLOCATION);
  }
  s.used += bytes;
  *block = allocate("device", bytes, 0xAB);
  return 0;
}

int cudaFree(void* block) {
  START;
  int code = release("device", block);
  int waited = finish_waiting();
  return code != 0 ? code : waited;
}

int cudaHostAlloc(void** block, std::size_t bytes, unsigned flags) {
  START;
  if (flags != 1) {
    stand_in::violation("cudaHostAlloc: flags %u, expected cudaHostAllocPortable", flags);
  }
  *block = allocate("pinned", bytes, 0xCD);
  return 0;
}

int cudaFreeHost(void* block) {
  START;
  return release("pinned", block);
}

int cudaDeviceSynchronize() {
  START;
  State& s = state();
  for (double ready : s.engines) {
    s.now = std::max(s.now, ready);
  }
  return finish_waiting();
}

int cudaStreamCreateWithFlags(void** stream, unsigned flags) {
  START;
  if (flags != 1) {
    stand_in::violation("cudaStreamCreateWithFlags: flags %u, expected cudaStreamNonBlocking", flags);
  }
  auto* made = new Stream;
  made->number = state().streams++;
  stand_in::created("stream", made);
  *stream = made;
  return 0;
}

int cudaStreamSynchronize(void* stream) {
  START;
  auto* queue = handle<Stream>(stream, "stream");
  if (queue == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  if (queue->capturing) {
    queue->invalidated = true;
    return fail(CAPTURE_UNSUPPORTED);
  }
  state().now = std::max(state().now, queue->ready);
  return finish_waiting();
}

int cudaStreamDestroy(void* stream) {
  START;
  return stand_in::destroyed("stream", stream) ? 0 : fail(INVALID_RESOURCE_HANDLE);
}

int cudaStreamWaitEvent(void* stream, void* event, unsigned) {
  START;
  auto* queue = handle<Stream>(stream, "stream");
  auto* mark = handle<Event>(event, "event");
  if (queue == nullptr || mark == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  queue->ready = std::max(queue->ready, mark->time);
  return 0;
}

int cudaEventCreateWithFlags(void** event, unsigned flags) {
  START;
  auto* made = new Event;
  made->timed = (flags & 2) == 0;
  stand_in::created("event", made);
  *event = made;
  return 0;
}

int cudaEventRecord(void* event, void* stream) {
  START;
  auto* queue = handle<Stream>(stream, "stream");
  auto* mark = handle<Event>(event, "event");
  if (queue == nullptr || mark == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  mark->recorded = true;
  mark->time = std::max(state().now, queue->ready);
  return 0;
}

int cudaEventSynchronize(void* event) {
  START;
  auto* mark = handle<Event>(event, "event");
  if (mark == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  state().now = std::max(state().now, mark->time);
  return finish_waiting();
}

int cudaEventElapsedTime(float* milliseconds, void* from, void* to) {
  START;
  auto* begin = handle<Event>(from, "event");
  auto* end = handle<Event>(to, "event");
  if (begin == nullptr || end == nullptr || !begin->recorded || !end->recorded || !begin->timed || !end->timed) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  *milliseconds = static_cast<float>((end->time - begin->time) / 1e3);
  return 0;
}

int cudaEventDestroy(void* event) {
  START;
  return stand_in::destroyed("event", event) ? 0 : fail(INVALID_RESOURCE_HANDLE);
}

int cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, int kind, void* stream) {
  START;
  if (kind < 1 || kind > 3) {
    return fail(21);
  }
  bool to_device = kind == 1 || kind == 3;
  bool from_device = kind == 2 || kind == 3;
  bool valid = (!to_device || stand_in::require_device("target", to, bytes)) &&
               (!from_device || stand_in::require_device("source", from, bytes));
  if (!valid) {
    return fail(INVALID_VALUE);
  }
  const char* what = kind == 1 ? "upload" : kind == 2 ? "download" : "copy";
  Engine engine = kind == 1 ? stand_in::UPLOAD : kind == 2 ? stand_in::DOWNLOAD : stand_in::COMPUTE;
  stand_in::enqueue(stream, what, engine, bytes / state().bytes_per_microsecond, [=] { std::memcpy(to, from, bytes); });
  return 0;
}

int cudaMemsetAsync(void* to, int value, std::size_t bytes, void* stream) {
  START;
  if (!stand_in::require_device("target", to, bytes)) {
    return fail(INVALID_VALUE);
  }
  stand_in::enqueue(stream, "memset", stand_in::COMPUTE, bytes / state().bytes_per_microsecond,
                    [=] { std::memset(to, value, bytes); });
  return 0;
}

int cudaLibraryLoadData(void** library, const void* code, void* options, void* values, unsigned option_count,
                        void* library_options, void* library_values, unsigned library_option_count) {
  START;
  if (options != nullptr || values != nullptr || option_count != 0 || library_options != nullptr ||
      library_values != nullptr || library_option_count != 0) {
    stand_in::violation("cudaLibraryLoadData: expected no options");
  }
  if (std::memcmp(code, "\177ELF", 4) != 0) {
    return fail(INVALID_KERNEL_IMAGE);
  }
  auto* made = new Library;
  made->image.assign(static_cast<const char*>(code), image_size(static_cast<const char*>(code)));
  stand_in::created("library", made);
  *library = made;
  return 0;
}

int cudaLibraryGetKernel(void** kernel, void* library, const char* name) {
  START;
  auto* from = handle<Library>(library, "library");
  if (from == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  if (!contains(from->image, name)) {
    return fail(SYMBOL_NOT_FOUND);
  }
  state().kernels.push_back(std::make_unique<Kernel>(Kernel{name, from}));
  *kernel = state().kernels.back().get();
  return 0;
}

int cudaLibraryUnload(void* library) {
  START;
  return stand_in::destroyed("library", library) ? 0 : fail(INVALID_RESOURCE_HANDLE);
}

int cudaFuncSetAttribute(const void* function, int attribute, int value) {
  START;
  auto* kernel = static_cast<Kernel*>(const_cast<void*>(function));
  if (attribute != 8 || value < 0 || static_cast<std::size_t>(value) > MAX_SHARED) {
    return fail(INVALID_VALUE);
  }
  kernel->shared = std::max(DEFAULT_SHARED, static_cast<std::size_t>(value));
  return 0;
}

int cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t shared, void* stream) {
  START;
  auto* kernel = static_cast<const Kernel*>(function);
  if (!stand_in::require("library", kernel->library)) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  bool valid = grid.x >= 1 && grid.y >= 1 && grid.z >= 1 && grid.y <= 65535 && grid.z <= 65535 && block.x >= 1 &&
               block.x <= 1024 && block.y == 1 && block.z == 1 && shared <= kernel->shared;
  if (!valid) {
    return fail(INVALID_VALUE);
  }
  std::vector<long long> values;
  for (const char* p = parameters(kernel->name); *p != 0; p++) {
    long long value = 0;
    std::memcpy(&value, arguments[values.size()], *p == 'i' ? 4 : 8);
    if (*p == 'p' || (*p == 'n' && value != 0)) {
      stand_in::require_device(kernel->name.c_str(), reinterpret_cast<const void*>(value), 1);
    }
    values.push_back(value);
  }
  std::string name = kernel->name;
  int blocks[] = {static_cast<int>(grid.x), static_cast<int>(grid.y), static_cast<int>(grid.z)};
  int threads = static_cast<int>(block.x);
  stand_in::describe(name);
  auto delay = state().delays.find(name);
  double time = delay == state().delays.end() ? state().kernel_microseconds : delay->second;
  stand_in::enqueue(stream, name.c_str(), stand_in::COMPUTE, time, [=] {
    run_patch_kernel(name.c_str(), blocks[1], values.data()) ||
        run_encoder_kernel(name.c_str(), blocks, threads, static_cast<int>(shared), values.data()) ||
        (run_attention_kernel(name.c_str(), blocks, threads, static_cast<int>(shared), values.data()) &&
         distort_attention(name.c_str(), blocks, values.data()));
  });
  return 0;
}

int cudaStreamBeginCapture(void* stream, int mode) {
  START;
  auto* queue = handle<Stream>(stream, "stream");
  if (queue == nullptr || queue->capturing) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  if (mode != 1) {
    stand_in::violation("cudaStreamBeginCapture: mode %d, expected cudaStreamCaptureModeThreadLocal", mode);
  }
  queue->capturing = true;
  queue->invalidated = false;
  queue->captured = Graph();
  return 0;
}

int cudaStreamEndCapture(void* stream, void** graph) {
  LOCK;
  *graph = nullptr;
  auto* queue = handle<Stream>(stream, "stream");
  bool capturing = queue != nullptr && queue->capturing;
  if (capturing) {
    queue->capturing = false;
  }
  if (int code = start(__func__)) {
    return code;
  }
  if (!capturing) {
    return fail(NO_CAPTURE);
  }
  if (queue->invalidated) {
    return fail(CAPTURE_INVALIDATED);
  }
  auto* made = new Graph(queue->captured);
  stand_in::created("graph", made);
  *graph = made;
  return 0;
}

int cudaGraphInstantiate(void** executable, void* graph, unsigned long long) {
  START;
  auto* from = handle<Graph>(graph, "graph");
  if (from == nullptr) {
    return fail(INVALID_VALUE);
  }
  auto* made = new Graph(*from);
  stand_in::created("executable graph", made);
  *executable = made;
  return 0;
}

int cudaGraphDestroy(void* graph) {
  START;
  return stand_in::destroyed("graph", graph) ? 0 : fail(INVALID_VALUE);
}

int cudaGraphLaunch(void* executable, void* stream) {
  START;
  auto* graph = handle<Graph>(executable, "executable graph");
  auto* queue = handle<Stream>(stream, "stream");
  if (graph == nullptr || queue == nullptr) {
    return fail(INVALID_RESOURCE_HANDLE);
  }
  for (const Op& op : graph->ops) {
    run(*queue, op);
  }
  return 0;
}

int cudaGraphExecDestroy(void* executable) {
  START;
  return stand_in::destroyed("executable graph", executable) ? 0 : fail(INVALID_VALUE);
}

// ---- For the tests -----------------------------------------------------------------------------

void stand_in_reset() {
  LOCK;
  for (void* block : state().quarantine) {
    std::free(block);
  }
  state() = State();
}

void stand_in_fail(const char* function, int nth, int code, bool sticky) {
  LOCK;
  state().failures.push_back(Failure{function, nth, code, sticky});
}

void stand_in_fail_work(int nth, int code) {
  LOCK;
  state().work_countdown = nth;
  state().work_code = code;
}

void stand_in_device(int devices, int driver, long long memory) {
  LOCK;
  state().devices = devices;
  state().driver = driver;
  state().memory = static_cast<std::size_t>(memory);
}

void stand_in_pace(double kernel_microseconds, double bytes_per_microsecond) {
  LOCK;
  state().kernel_microseconds = kernel_microseconds;
  state().bytes_per_microsecond = bytes_per_microsecond;
}

void stand_in_distort(const char* what, float factor) {
  LOCK;
  state().distortions[what] = factor;
}

void stand_in_delay(const char* kernel, double microseconds) {
  LOCK;
  state().delays[kernel] = microseconds;
}

// `topic`: calls, log, live, violations, spans or error. One line each; the result is valid until the next call.
const char* stand_in_read(const char* topic) {
  LOCK;
  static std::string result;
  State& s = state();
  std::ostringstream out;
  std::string of = topic;
  if (of == "calls") {
    for (auto& [function, count] : s.calls) {
      out << function << ' ' << count << '\n';
    }
  } else if (of == "log") {
    for (auto& line : s.log) {
      out << line << '\n';
    }
  } else if (of == "live") {
    for (auto& [handle, block] : s.live) {
      out << block.kind << '\n';
    }
  } else if (of == "violations") {
    for (auto& line : s.violations) {
      out << line << '\n';
    }
  } else if (of == "spans") {
    for (auto& span : s.spans) {
      out << span.stream << ' ' << span.what << ' ' << span.begin << ' ' << span.end << '\n';
    }
  } else if (of == "error") {
    out << s.last_error << '\n';
  }
  result = out.str();
  return result.c_str();
}

}  // extern "C"
