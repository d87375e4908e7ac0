#include "tiles.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "fault.h"
#include "request.h"
#include "scratch.h"
#include "tile_reader.h"

namespace kiln {
namespace {

/* Distributes the tiles of all requests to threads, in order, until one is damaged. */
class TileQueue {
 public:
  explicit TileQueue(const std::vector<Request>& requests) : requests_(requests) {
    for (const Request& request : requests) {
      tiles_ += request.tile_count();
      ends_.push_back(tiles_);
    }
  }

  /* Throws the first fault; `failed` is the index of its request. */
  void run(uint64_t threads, int32_t& failed) {
    std::vector<std::thread> others;
    try {
      for (uint64_t i = 1; i < std::min(threads, tiles_); i++) {
        others.emplace_back([this] { work(); });
      }
    } catch (const std::system_error&) {
      // Fewer threads only take longer.
    } catch (const std::bad_alloc&) {
    }
    work();
    for (std::thread& other : others) {
      other.join();
    }
    if (fault_) {
      failed = int32_t(request_of(faulty_));
      throw *fault_;
    }
  }

 private:
  size_t request_of(uint64_t number) const {
    return std::upper_bound(ends_.begin(), ends_.end(), number) - ends_.begin();
  }

  void work() noexcept {
    uint64_t number = 0;
    try {
      Scratch scratch;
      while (!stopped_ && (number = next_++) < tiles_) {
        size_t i = request_of(number);
        uint64_t first = i == 0 ? 0 : ends_[i - 1];
        TileReader(requests_[i], scratch).read(number - first);
      }
    } catch (const Fault& fault) {
      stop(number, fault);
    } catch (const std::bad_alloc&) {
      stop(number, Fault(KILN_NO_MEMORY, "out of memory while decoding a tile"));
    }
  }

  void stop(uint64_t number, const Fault& fault) {
    stopped_ = true;
    std::lock_guard<std::mutex> lock(mutex_);
    // All tiles before this one have been started and are finished, so the first fault wins whichever thread is first.
    if (!fault_ || number < faulty_) {
      faulty_ = number;
      fault_ = fault;
    }
  }

  const std::vector<Request>& requests_;
  /* Number of tiles of the requests up to and including each. */
  std::vector<uint64_t> ends_;
  uint64_t tiles_ = 0;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  uint64_t faulty_ = 0;
  std::optional<Fault> fault_;
};

/* Runs `call` and converts exceptions to a status and a message. */
template <typename Call>
int guarded(char message[KILN_MESSAGE_SIZE], Call call) noexcept {
  message[0] = '\0';
  try {
    call();
    return KILN_OK;
  } catch (const Fault& fault) {
    memcpy(message, fault.message, KILN_MESSAGE_SIZE);
    return fault.status;
  } catch (const std::bad_alloc&) {
    snprintf(message, KILN_MESSAGE_SIZE, "out of memory while decoding tiles");
    return KILN_NO_MEMORY;
  }
}

}  // namespace
}  // namespace kiln

int kiln_tiles_read(const kiln_read* reads, int32_t count, int32_t threads, int32_t* failed,
                    char message[KILN_MESSAGE_SIZE]) {
  return kiln::guarded(message, [&] {
    std::vector<kiln::Request> requests;
    for (*failed = 0; *failed < count; ++*failed) {
      requests.emplace_back(reads[*failed]);
    }
    kiln::TileQueue(requests).run(std::max(threads, 1), *failed);
  });
}
