// File descriptors that are closed with their object, and that no other program inherits.
#pragma once

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <utility>

namespace fiberproof::verify {

class Descriptor {
 public:
  Descriptor() = default;
  /// A negative number is none, as system calls return it.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { close(); }

  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor reading;
  Descriptor writing;

  /// Both are none where the system refuses, which errno then says.
  static Pipe make() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }
};

}  // namespace fiberproof::verify
