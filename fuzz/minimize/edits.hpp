// How a program of either language can be made shorter or plainer, one small change at a time. An
// edit may make of a program what is none (a continuation on a stack that is too large to run on,
// say), or one that does something else: who asks for edits looks at what came out.
#pragma once

#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/start/program.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace fiberproof::fuzz {

template <class Language>
using Edit = std::function<void(Language& program)>;

/// A number in a program, and the one that a reader would rather see there.
template <class Language>
struct Number {
  std::uint64_t now;
  std::uint64_t plain;
  std::uint64_t unit;  ///< it is a multiple of this
  std::function<void(Language& program, std::uint64_t number)> set;
};

// Of a Program the steps are counted through: those of each function, then those of main.
std::size_t step_count(const Program& program);
std::size_t step_count(const MachineProgram& program);

/// Leaves out the steps [first, end), but for those without which a function has no end.
void remove_steps(Program& program, std::size_t first, std::size_t end);
/// Leaves out the steps [first, end). A repeat goes on repeating those of its steps that are left.
void remove_steps(MachineProgram& program, std::size_t first, std::size_t end);

/// Removals of what nothing names, of a level of nesting, of a clause; plain ends and stacks.
std::vector<Edit<Program>> simplifications(const Program& program);
std::vector<Edit<MachineProgram>> simplifications(const MachineProgram& program);

std::vector<Number<Program>> numbers_in(const Program& program);
std::vector<Number<MachineProgram>> numbers_in(const MachineProgram& program);

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
