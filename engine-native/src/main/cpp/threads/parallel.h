// Work on the threads of the OpenMP library that oneDNN brought into the process.
#pragma once

namespace kiln {

// Calls work(data, thread, threads) once per thread and waits for all. Runs on the calling thread alone if the process
// has no OpenMP library: a library of its own would keep a second set of threads.
void parallel(int threads, void (*work)(void* data, int thread, int threads), void* data);

}  // namespace kiln
