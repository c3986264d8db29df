// T7 with gdb: its bt reaches main from the innermost of nested continuations, and from each
// instruction of a trampoline. gdb prints `<signal handler called>` for a trampoline, since the
// call frame information marks it so; the tests therefore ask for the procedure of each frame.
//
// A gdb that is missing, or may not trace, fails these tests.
#include "core/tests/unwind/gdb.hpp"
#include "core/tests/unwind/instructions.hpp"
#include "core/tests/unwind/walked_frames.hpp"

#include "core/continuation_start.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdio>
#include <set>
#include <span>

namespace fiberproof::unwind {
namespace {

using Lines = std::vector<std::string>;

const char* argument_for(Trampoline trampoline) {
  return trampoline == Trampoline::trap ? "trap" : "v44";
}

Lines run_subject(std::size_t depth, Trampoline trampoline, const Lines& commands) {
  return gdb_output(commands, {UNWIND_SUBJECT, fmt::to_string(depth), argument_for(trampoline)});
}

Lines lines_after(const Lines& lines, const std::string& mark) {
  const auto begin = std::ranges::find(lines, mark);
  EXPECT_NE(begin, lines.end()) << testing::PrintToString(lines);
  if (begin == lines.end()) return {};
  return {begin + 1, std::find_if(begin + 1, lines.end(),
                                  [](const std::string& line) { return line.starts_with("@"); })};
}

// "NAME + OFFSET in section …", or without the offset.
std::string procedure_in(const std::string& line) {
  return line.substr(0, std::min(line.find(" + "), line.find(" in section ")));
}

std::vector<StackBounds> stacks_in(const Lines& lines) {
  std::vector<StackBounds> stacks;
  for (const std::string& line : lines) {
    unsigned long limit = 0;
    unsigned long top = 0;
    if (std::sscanf(line.c_str(), "stack %lx %lx", &limit, &top) == 2) {
      stacks.push_back({.top = top, .usable_bytes = top - limit});
    }
  }
  return stacks;
}

std::vector<WalkedFrame> frames_in(const Lines& procedures, const Lines& stack_pointers) {
  EXPECT_EQ(procedures.size(), stack_pointers.size());
  std::vector<WalkedFrame> frames;
  for (std::size_t index = 0; index < std::min(procedures.size(), stack_pointers.size()); ++index) {
    frames.push_back(
        {procedure_in(procedures[index]), std::stoul(stack_pointers[index], nullptr, 16)});
  }
  return frames;
}

// The text of bt itself: unbroken, and its outermost frame is main's.
void expect_whole_backtrace(const Lines& backtrace, std::size_t trampoline_count) {
  ASSERT_FALSE(backtrace.empty());
  EXPECT_TRUE(backtrace.back().starts_with("#") && backtrace.back().contains(" main ("))
      << backtrace.back();
  std::size_t signal_frame_count = 0;
  for (std::size_t index = 0; index < backtrace.size(); ++index) {
    EXPECT_TRUE(backtrace[index].starts_with(fmt::format("#{} ", index)))
        << backtrace[index];  // neither "Backtrace stopped: …" nor "… (corrupt stack?)"
    if (backtrace[index].ends_with("<signal handler called>")) ++signal_frame_count;
  }
  EXPECT_EQ(signal_frame_count, trampoline_count);
}

void expect_bt_reaches_main_through(std::size_t depth, Trampoline trampoline) {
  const Lines lines = run_subject(
      depth, trampoline,
      {"break innermost_body_reached", "run",                        //
       "echo @bt\\n", "bt",                                          //
       "echo @procedures\\n", "frame apply all -q info symbol $pc",  //
       "echo @stack pointers\\n", "frame apply all -q printf \"%lx\\n\", $sp", "echo @end\\n"});
  expect_whole_backtrace(lines_after(lines, "@bt"), depth);
  const auto stacks = stacks_in(lines);
  EXPECT_EQ(stacks.size(), depth);
  expect_main_is_reached(
      frames_in(lines_after(lines, "@procedures"), lines_after(lines, "@stack pointers")), stacks,
      trampoline_name(trampoline));
}

TEST(unwind, gdb_reaches_main_through_3_continuations) {
  expect_bt_reaches_main_through(3, Trampoline::trap);
}

TEST(unwind, gdb_reaches_main_through_100_continuations) {
  expect_bt_reaches_main_through(100, Trampoline::trap);
}

TEST(unwind, gdb_reaches_main_through_3_continuations_of_v44) {
  expect_bt_reaches_main_through(3, Trampoline::v44);
}

TEST(unwind, gdb_reaches_main_through_100_continuations_of_v44) {
  expect_bt_reaches_main_through(100, Trampoline::v44);
}

/// An instruction as gdb names it, and how many trampolines bt shows from there.
struct Sighting {
  std::string place;
  std::size_t trampoline_count;
  friend auto operator<=>(const Sighting&, const Sighting&) = default;
};

// A stop before each instruction, in each of `depth` continuations: all in the order of their start
// up to the call, and the rest when they end.
Lines commands_for_each_instruction(std::size_t depth, const std::string& trampoline,
                                    const std::vector<std::uint64_t>& addresses) {
  Lines commands{"starti"};  // before that the program is not where it will be
  for (const std::uint64_t address : addresses) {
    commands.push_back(
        fmt::format("break *((char *)&{} + {})", trampoline, address - addresses.front()));
  }
  for (std::size_t stop = 0; stop < addresses.size() * depth; ++stop) {
    commands.insert(commands.end(), {"continue", fmt::format("echo @bt {}\\n", stop), "bt",
                                     fmt::format("echo @procedures {}\\n", stop),
                                     "frame apply all -q info symbol $pc", "echo @end\\n"});
  }
  commands.push_back("continue");
  return commands;
}

std::multiset<Sighting> every_instruction_at_every_level(
    std::size_t depth, const std::string& trampoline, const std::vector<std::uint64_t>& addresses) {
  std::multiset<Sighting> all;
  for (std::size_t level = 1; level <= depth; ++level) {
    all.insert({trampoline, level});
    for (const std::uint64_t address : std::span(addresses).subspan(1)) {
      all.insert({fmt::format("{} + {}", trampoline, address - addresses.front()), level});
    }
  }
  return all;
}

void expect_bt_reaches_main_from_each_instruction(std::size_t depth, Trampoline trampoline) {
  const std::string name = trampoline_name(trampoline);
  const auto addresses = trampoline_addresses(start_routine(trampoline));
  const Lines lines =
      run_subject(depth, trampoline, commands_for_each_instruction(depth, name, addresses));
  std::multiset<Sighting> seen;
  for (std::size_t stop = 0; stop < addresses.size() * depth; ++stop) {
    const Lines procedures = lines_after(lines, fmt::format("@procedures {}", stop));
    ASSERT_FALSE(procedures.empty());
    const std::string& innermost = procedures.front();
    const auto trampoline_count =
        static_cast<std::size_t>(std::ranges::count(procedures, name, &procedure_in));
    seen.insert({innermost.substr(0, innermost.find(" in section ")), trampoline_count});
    expect_whole_backtrace(lines_after(lines, fmt::format("@bt {}", stop)), trampoline_count);
  }
  EXPECT_TRUE(seen == every_instruction_at_every_level(depth, name, addresses));
  EXPECT_TRUE(lines.back().ends_with("exited normally]")) << lines.back();
}

TEST(unwind, gdb_reaches_main_from_each_instruction_of_the_trampoline) {
  expect_bt_reaches_main_from_each_instruction(3, Trampoline::trap);
}

TEST(unwind, gdb_reaches_main_from_each_instruction_of_the_trampoline_of_v44) {
  expect_bt_reaches_main_from_each_instruction(3, Trampoline::v44);
}

}  // namespace
}  // namespace fiberproof::unwind
