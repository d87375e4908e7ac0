#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

namespace kiln {

constexpr bool host_is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* A file in memory, in its own byte order. Reads beyond its end return nothing. */
class Bytes {
 public:
  Bytes(const uint8_t* data, uint64_t size) : data_(data), size_(size) {}

  uint64_t size() const { return size_; }

  bool swapped() const { return big_endian_ != host_is_big_endian; }

  void set_big_endian(bool big_endian) { big_endian_ = big_endian; }

  /* The `length` bytes from `at`; null if they exceed the file. */
  const uint8_t* range(uint64_t at, uint64_t length) const {
    return at <= size_ && length <= size_ - at ? data_ + at : nullptr;
  }

  /* An unsigned number of 1, 2, 4 or 8 bytes. */
  std::optional<uint64_t> number(uint64_t at, unsigned width) const {
    const uint8_t* bytes = range(at, width);
    if (bytes == nullptr) {
      return std::nullopt;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
      value = value << 8 | bytes[big_endian_ ? i : width - 1 - i];
    }
    return value;
  }

 private:
  const uint8_t* data_;
  uint64_t size_;
  bool big_endian_ = false;
};

}  // namespace kiln
