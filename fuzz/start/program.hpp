// A Program: a few fiber operations in short, readable text. Every failure becomes one, and every
// corpus file is one. It can be parsed and printed without loss, and is bounded in size and in what
// running it can cost.
//
//   fiberproof program 1                     # always the first line
//   expect pass                              # or: trap-reported-as-return, violation L4,
//                                            # stack-overflow
//   revision trap                            # or: v44, the start routine that is installed (T5)
//   depth 1000                               # a resume that would nest deeper is skipped
//   resumes 2000                             # as is one beyond this many in the whole run
//   stack s0 mapped 65536                    # usable bytes; rounded up to pages
//   stack s1 supplied 8200 offset 3          # memory, 3 bytes past a multiple of 64
//   function f0 params 3 returns 2
//     resume f1 on s0                        # a fresh continuation of f1, run to its end
//     suspend 7                              # to the resumer, which resumes at once
//     suspend 8 apart                        # by a control context elsewhere (S1)
//     return                                 # or: trap, throw; or overrun, which ends the process
//   function f1 params 600 returns 0
//     trap
//   main
//     initialize f1 on s1                    # lays out only; the counts may be any u32
//     resume f0 on s0
//   end
//
// `#` starts a comment. Stacks and functions are numbered in the order of their declaration; a step
// may name a function that comes later. Recursion is how nesting gets deep.
#pragma once

#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/expectation.hpp"
#include "fuzz/program/parse_error.hpp"
#include "fuzz/program/stack_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

// Bounds of the language.
inline constexpr std::size_t stacks_max = 16;
inline constexpr std::size_t functions_max = 16;
inline constexpr std::size_t steps_max = 16;  ///< of one function, and of main
inline constexpr std::uint32_t depth_max = 1024;
inline constexpr std::uint32_t resumes_max = 4096;
inline constexpr std::uint64_t mapped_bytes_max = std::uint64_t{1} << 37;  ///< to lay out on
inline constexpr std::uint64_t resumable_bytes_max = 2 * 1024 * 1024;      ///< to run on

/// One operation. The last four end a function and occur only there; the very last, which calls
/// itself until its stack is used up, ends the process (C8), and so only a replay runs it.
struct Step {
  enum class Kind : std::uint8_t {
    initialize,
    resume,
    suspend,
    suspend_apart,
    return_,
    trap,
    throw_,
    overrun
  };
  Kind kind = Kind::return_;
  std::uint8_t function = 0;        ///< index, of initialize and resume
  std::uint8_t stack = 0;           ///< index, of initialize and resume
  std::uint32_t handler_index = 0;  ///< of both suspends
  friend bool operator==(const Step&, const Step&) = default;
};

constexpr bool ends_function(Step::Kind kind) {
  return kind == Step::Kind::return_ || kind == Step::Kind::trap || kind == Step::Kind::throw_ ||
         kind == Step::Kind::overrun;
}

struct Function {
  std::uint32_t params = 0;
  std::uint32_t returns = 0;
  BoundedList<Step, steps_max> steps;  ///< the last one, and no other, ends the function
  friend bool operator==(const Function&, const Function&) = default;
};

struct Program {
  enum class StartRevision : std::uint8_t { trap, v44 };

  Expectation expect;
  StartRevision revision = StartRevision::trap;
  std::uint32_t depth = 1;
  std::uint32_t resumes = 1;
  BoundedList<StackShape, stacks_max> stacks;
  BoundedList<Function, functions_max> functions;
  BoundedList<Step, steps_max> main;

  /// Whether a function of it overruns its stack.
  bool overruns() const;

  /// As new, to be filled again.
  void clear();
  friend bool operator==(const Program&, const Program&) = default;
};

/// Whether `text` claims to be a Program: it starts with the magic words.
bool has_program_magic(std::string_view text);

/// Reads a Program into `program`, or says where `text` is none; `program` is unspecified then.
std::expected<void, ParseError> parse(std::string_view text, Program& program);

/// The text of `program`: parse(print(p)) is p.
std::string print(const Program& program);

/// One step, as in the text.
std::string print(const Step& step);

}  // namespace fiberproof::fuzz
