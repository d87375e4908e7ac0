#include "parallel.h"

#include <dlfcn.h>

namespace {

struct OpenMp {
  void (*parallel)(void (*)(void*), void*, unsigned, unsigned) = nullptr;
  int (*thread)() = nullptr;
  int (*threads)() = nullptr;

  OpenMp() {
    void* library = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (library != nullptr) {
      thread = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_thread_num"));
      threads = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_num_threads"));
      parallel = reinterpret_cast<decltype(parallel)>(dlsym(library, "GOMP_parallel"));
    }
  }

  bool found() const { return parallel != nullptr && thread != nullptr && threads != nullptr; }
};

// Looked up again until it is found: oneDNN may be loaded later.
const OpenMp& open_mp() {
  static OpenMp found;
  if (!found.found()) {
    found = OpenMp();
  }
  return found;
}

struct Team {
  void (*work)(void*, int, int);
  void* data;
  const OpenMp* open_mp;
};

void member(void* data) {
  const Team& team = *static_cast<Team*>(data);
  team.work(team.data, team.open_mp->thread(), team.open_mp->threads());
}

}  // namespace

void kiln::parallel(int threads, void (*work)(void*, int, int), void* data) {
  const OpenMp& library = open_mp();
  if (threads < 2 || !library.found()) {
    work(data, 0, 1);
    return;
  }
  Team team = {work, data, &library};
  library.parallel(member, &team, static_cast<unsigned>(threads), 0);
}
