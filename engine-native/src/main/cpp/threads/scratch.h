// Memory that a thread keeps from one call to the next.
#pragma once

#include <cstddef>

namespace kiln {

// Returns at least `floats` floats, aligned for vectors, or null if there is no memory. The next call on this thread
// overwrites them.
float* thread_scratch(size_t floats);

}  // namespace kiln
