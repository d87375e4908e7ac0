#include "tiles.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "directory.h"
#include "fault.h"
#include "tile_reader.h"

namespace kiln {
namespace {

/* Deals the tiles of a request to threads, in order, until one is damaged. */
class Deal {
 public:
  explicit Deal(const Request& request) : request_(request) {}

  void run(uint64_t threads) {
    std::vector<std::thread> others;
    try {
      for (uint64_t i = 1; i < std::min(threads, request_.tiles()); i++) {
        others.emplace_back([this] { work(); });
      }
    } catch (const std::system_error&) {
      // With fewer threads than asked for it only takes longer.
    } catch (const std::bad_alloc&) {
    }
    work();
    for (std::thread& other : others) {
      other.join();
    }
    if (fault_) {
      throw *fault_;
    }
  }

 private:
  void work() noexcept {
    uint64_t number = 0;
    try {
      TileReader reader(request_);
      while (!stopped_ && (number = next_++) < request_.tiles()) {
        reader.read(number);
      }
    } catch (const Fault& fault) {
      stop(number, fault);
    } catch (const std::bad_alloc&) {
      stop(number, Fault(KILN_NO_MEMORY, "no memory to decode a tile"));
    }
  }

  void stop(uint64_t number, const Fault& fault) {
    stopped_ = true;
    std::lock_guard<std::mutex> lock(mutex_);
    // All tiles before this one were dealt and are read to their end, so the first fault of the
    // window wins whichever thread comes first.
    if (!fault_ || number < faulty_) {
      faulty_ = number;
      fault_ = fault;
    }
  }

  const Request& request_;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  uint64_t faulty_ = 0;
  std::optional<Fault> fault_;
};

/* Runs `call`; what it throws becomes a status and a message. */
template <typename Call>
int guarded(char message[KILN_MESSAGE_SIZE], Call call) noexcept {
  message[0] = '\0';
  try {
    call();
    return KILN_OK;
  } catch (const Fault& fault) {
    std::copy(std::begin(fault.message), std::end(fault.message), message);
    return fault.status;
  } catch (const std::bad_alloc&) {
    Fault fault(KILN_NO_MEMORY, "no memory to decode tiles");
    std::copy(std::begin(fault.message), std::end(fault.message), message);
    return fault.status;
  }
}

}  // namespace
}  // namespace kiln

int kiln_tiles_describe(const uint8_t* file, uint64_t size, kiln_image* image,
                        char message[KILN_MESSAGE_SIZE]) {
  return kiln::guarded(message, [&] {
    kiln::Bytes bytes(file, size);
    kiln::Directory d = kiln::read_directory(bytes);
    *image = {int32_t(d.width),      int32_t(d.height),      int32_t(d.bands),     d.pixel_type,
              int32_t(d.tile_width), int32_t(d.tile_height), int32_t(d.interleaved)};
  });
}

int kiln_tiles_read(const uint8_t* file, uint64_t size, const kiln_window* window,
                    const kiln_target* target, int32_t threads,
                    char message[KILN_MESSAGE_SIZE]) {
  return kiln::guarded(message, [&] {
    kiln::Bytes bytes(file, size);
    kiln::Directory directory = kiln::read_directory(bytes);
    kiln::Request request(bytes, directory, *window, *target);
    kiln::Deal(request).run(std::max(threads, 1));
  });
}
