// A stand-in for NVIDIA's libraries, for tests of Kiln's bindings on machines without a GPU. Device memory is host
// memory, kernels are Kiln's own compiled for the host, and work runs when it is queued, on a simulated clock.
// It records every call, fails calls on request, and reports misuse (unknown or freed handles, ranges
// outside device memory, resources that are never released) as violations. The tests read all of this through
// dev.kiln.cuda.StandIn. This state is in libcudart.so.13; the other libraries link to it.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace stand_in {

// The engine that an operation occupies; operations of different engines overlap.
enum Engine { UPLOAD, DOWNLOAD, COMPUTE, ENGINES };

// Guards all of the state. Held during every call, queued work included.
std::recursive_mutex& mutex();

// Records a call. Returns an error that the caller must return at once, or 0.
int enter(const char* function);

// Records misuse of the library.
void violation(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Registers a handle or block of memory.
void created(const char* kind, const void* handle, std::size_t bytes = 0);

// Removes it. Returns false, after recording a violation, if there is none.
bool destroyed(const char* kind, const void* handle);

// Returns whether the handle exists.
bool exists(const char* kind, const void* handle);

// Returns whether the handle exists; records a violation if not.
bool require(const char* kind, const void* handle);

// Returns whether the range is inside one block of device memory; records a violation if not.
bool require_device(const char* what, const void* address, std::size_t bytes);

// Queues work on a stream, where it is a cudaStream_t. `error` is the code for use of an unknown stream.
void enqueue(void* stream, const char* what, Engine engine, double microseconds, std::function<void()> work);

// Returns the factor by which results of cuDNN ("cudnn") or of a kernel are wrong.
float distortion(const char* what);

// Adds to the log of queued work, as in "cublasLtMatmul 64x32x16 BIAS".
void describe(const std::string& text);

}  // namespace stand_in
