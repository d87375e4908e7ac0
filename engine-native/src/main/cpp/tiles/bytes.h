#pragma once

#include <cstdint>

namespace kiln {

constexpr bool host_is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* A file in memory. */
class Bytes {
 public:
  Bytes(const uint8_t* data, uint64_t size) : data_(data), size_(size) {}

  uint64_t size() const { return size_; }

  /* The `length` bytes from `at`; null if they exceed the file. */
  const uint8_t* range(uint64_t at, uint64_t length) const {
    return at <= size_ && length <= size_ - at ? data_ + at : nullptr;
  }

 private:
  const uint8_t* data_;
  uint64_t size_;
};

}  // namespace kiln
