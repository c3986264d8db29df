// How a program can be made shorter or plainer, one small change at a time. An edit may make of a
// program what is none, or one that does something else: who asks for edits looks at what came out.
#pragma once

#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/program.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace fiberproof::fuzz {

using Edit = std::function<void(Program& program)>;

/// A number in a program, and the one that a reader would rather see there.
struct Number {
  std::uint64_t now;
  std::uint64_t plain;
  std::uint64_t unit;  ///< it is a multiple of this
  std::function<void(Program& program, std::uint64_t number)> set;
};

/// Leaves out the steps [first, end). A repeat still repeats those of its steps that are left.
void remove_steps(Program& program, std::size_t first, std::size_t end);

/// Removals of what nothing names, of a level of nesting, of a clause; plain ends, stacks and types
/// of values.
std::vector<Edit> simplifications(const Program& program);

std::vector<Number> numbers_in(const Program& program);

/// A stack on which everything has room.
inline constexpr StackShape plain_stack{StackShape::Kind::mapped, 0, 64 * 1024};

/// Leaves out items [first, end).
template <class T, std::size_t bound>
void erase(BoundedList<T, bound>& list, std::size_t first, std::size_t end) {
  if (first < end) {
    std::copy(list.begin() + end, list.end(), &list[first]);
    list.truncate(list.size() - (end - first));
  }
}

}  // namespace fiberproof::fuzz
