// Text for a signal handler: no heap, no locale, no lock, and one write(2) at the end, so that a
// line stays whole.
#pragma once

#include <unistd.h>
#include <array>
#include <cstddef>
#include <cstdint>

namespace fiberproof {

/// Text beyond the buffer is dropped.
class SignalSafeText {
 public:
  SignalSafeText& operator<<(const char* text) {
    for (; *text != '\0' && length_ < buffer_.size(); ++text) {
      buffer_[length_++] = *text;
    }
    return *this;
  }

  SignalSafeText& decimal(std::uint64_t value) { return number(value, 10); }
  SignalSafeText& hex(std::uint64_t value) { return (*this << "0x").number(value, 16); }

  void write_to_standard_error() {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, buffer_.data(), length_);
    length_ = 0;
  }

 private:
  SignalSafeText& number(std::uint64_t value, std::uint64_t base) {
    std::array<char, 21> digits{};
    std::size_t first = digits.size() - 1;
    do {
      digits[--first] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return *this << &digits[first];
  }

  std::array<char, 1024> buffer_;
  std::size_t length_ = 0;
};

}  // namespace fiberproof
