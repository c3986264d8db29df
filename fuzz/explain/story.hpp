// What a program does, told step by step for people, as the reference has it. Loops are
// told for two rounds, and then counted.
#pragma once

#include "fuzz/program/program.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {

/// A continuation whose stack can be drawn from the specification alone.
struct ToldStack {
  std::string name;
  std::uint8_t function;
  std::uint32_t params;
  std::uint32_t returns;
  std::uint64_t usable_bytes;
};

class Story {
 public:
  /// `last` is the number of the step at which the run ended, where it ended early: that one is
  /// told in any case, and nothing after it.
  explicit Story(std::optional<std::uint64_t> last) : last_(last) {}

  /// The step that stands at `place` in the text is taken as the run's step `number`. True where it
  /// is to be told.
  bool is_told(std::size_t place, std::uint64_t number);

  /// One step in up to three lines: who takes it, what comes of it, and who runs and waits then.
  void tell(std::string_view step, std::string_view outcome, std::string_view stacks);

  /// A line of its own.
  void tell(std::string_view line);

  /// Whether the run came to its end.
  bool is_over() const { return last_ && number_ >= *last_; }

  /// The story so far.
  std::string text();

  /// The continuation that took the latest step of any, and that step's number.
  std::optional<ToldStack> stack;
  std::uint64_t stack_step = 0;

 private:
  void tell_left_out();

  std::optional<std::uint64_t> last_;
  std::uint64_t number_ = 0;
  std::map<std::size_t, std::uint64_t> times_;     ///< that the step at a place was taken
  std::map<std::size_t, std::uint64_t> left_out_;  ///< that it was since the last that was told
  std::string text_;
};

/// The stacks of a chain from the outermost on: "embedder > c1 > c4", the middle of a long one left
/// out.
std::string chain_text(const std::vector<std::string>& stacks);

/// "1 value", "2 values".
std::string counted(std::uint64_t count, std::string_view noun);

void tell(const Program& program, Story& story);

}  // namespace fiberproof::fuzz
