// A list with a fixed bound and no allocation: what a Program is made of, so that a fuzz target can
// fill the same one again for every input.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace fiberproof::fuzz {

template <class T, std::size_t size_max>
class BoundedList {
 public:
  static constexpr std::size_t bound = size_max;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == size_max; }
  void clear() { size_ = 0; }

  /// Keeps the first `size`, which are at most all.
  void truncate(std::size_t size) { size_ = size; }

  /// On input the list is not full; on output `item` is the last.
  void push_back(const T& item) { items_[size_++] = item; }

  /// On input the list is not full; on output the last is one more, which holds what was there.
  T& grow() { return items_[size_++]; }

  T& operator[](std::size_t index) { return items_[index]; }
  const T& operator[](std::size_t index) const { return items_[index]; }
  T& back() { return items_[size_ - 1]; }
  const T& back() const { return items_[size_ - 1]; }

  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }

  friend bool operator==(const BoundedList& left, const BoundedList& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
  }

 private:
  std::array<T, size_max> items_{};
  std::size_t size_ = 0;
};

}  // namespace fiberproof::fuzz
