// Kiln's device code compiled for the host, called with the arguments of a launch.
#pragma once

// Runs an encoder kernel over a grid. `arguments` holds one word per parameter, its value in the low bytes.
// Returns whether there is a kernel of that name.
bool run_encoder_kernel(const char* name, const int* blocks, int threads, int shared_bytes, const long long* arguments);

// The same for the kernels of attention_sm90.cu.
bool run_attention_kernel(const char* name, const int* blocks, int threads, int shared_bytes,
                          const long long* arguments);

// Runs a patch kernel for `chips` chips, one row of blocks each. Returns whether there is a kernel of that name.
bool run_patch_kernel(const char* name, int chips, const long long* arguments);
