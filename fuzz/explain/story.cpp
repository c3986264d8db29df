#include "fuzz/explain/story.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint64_t told_rounds = 2;

// A chain that is longer is shown by its ends.
constexpr std::size_t chain_max = 8;
constexpr std::size_t chain_ends = 3;

}  // namespace

bool Story::is_told(std::size_t place, std::uint64_t number) {
  number_ = number;
  if (++times_[place] <= told_rounds || number == last_) {
    tell_left_out();
    return true;
  }
  ++left_out_[place];
  return false;
}

void Story::tell(std::string_view step, std::string_view outcome, std::string_view stacks) {
  text_ += fmt::format("{}\n    {}\n    {}\n", step, outcome, stacks);
}

void Story::tell(std::string_view line) {
  tell_left_out();
  text_ += fmt::format("{}\n", line);
}

void Story::tell_left_out() {
  if (left_out_.empty()) {
    return;
  }
  std::uint64_t rounds = 0;
  std::uint64_t steps = 0;
  for (const auto& [place, times] : left_out_) {
    rounds = std::max(rounds, times);
    steps += times;
  }
  text_ += fmt::format("… {} ({})\n", counted(rounds, "more round"), counted(steps, "step"));
  left_out_.clear();
}

std::string Story::text() {
  tell_left_out();
  return text_;
}

std::string chain_text(const std::vector<std::string>& stacks) {
  std::string text;
  for (std::size_t index = 0; index < stacks.size(); ++index) {
    if (stacks.size() > chain_max && index == chain_ends) {
      const std::size_t left_out = stacks.size() - 2 * chain_ends;
      text += fmt::format(" > … {} more …", left_out);
      index += left_out;
    }
    text += fmt::format("{}{}", index == 0 ? "" : " > ", stacks[index]);
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace fiberproof::fuzz
