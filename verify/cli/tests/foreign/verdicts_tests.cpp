// Verdicts on foreign trampolines that differ in one group of instructions: proved if they are
// right in other ways than a compiler's, refuted only if a state shows it, and unknown with a
// reason otherwise. Also the known contents of the files' own memory.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/x86/code_library.hpp"
#include "verify/x86/constant_memory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

std::string file(std::string_view name) {
  return fmt::format("{}/{}", FOREIGN_FILES, name);
}

Outcome prove(std::string_view object, const std::string& start,
              const std::vector<std::string>& more = {}) {
  std::vector<std::string> command{FIBERPROOF_COMMAND, "prove",    "--object",
                                   file(object),       "--symbol", "start=" + start};
  command.insert(command.end(), more.begin(), more.end());
  return outcome_of(command);
}

constexpr std::size_t theorems_of_a_start = 21;

void expect_proved(std::string_view object, const std::string& start,
                   const std::vector<std::string>& more = {}) {
  const Outcome outcome = prove(object, start, more);
  EXPECT_EQ(outcome.exit_code, 0) << object << " " << start;
  EXPECT_EQ(outcome.count("proved   continuation_start/"), theorems_of_a_start)
      << object << " " << start << testing::PrintToString(outcome.lines);
}

// Exactly these theorems are refuted, and they are printed first.
void expect_refuted(const std::string& start, const std::vector<std::string>& theorems) {
  const Outcome outcome = prove("verdicts.o", start);
  EXPECT_EQ(outcome.exit_code, 1) << start;
  EXPECT_EQ(outcome.count("refuted  "), theorems.size())
      << start << testing::PrintToString(outcome.lines);
  for (const std::string& theorem : theorems) {
    EXPECT_EQ(outcome.count("refuted  continuation_start/" + theorem), 1u) << start << theorem;
  }
  // On the terminal, errors may come before the output.
  ASSERT_FALSE(outcome.lines.empty());
  const std::string& first = outcome.lines.front();
  EXPECT_TRUE(first.starts_with("refuted  continuation_start/") ||
              (first.starts_with("fiberproof: ") && first.find(" is refuted") != std::string::npos))
      << first;
}

Outcome expect_unknown(std::string_view object, const std::string& start, std::string_view reason,
                       const std::vector<std::string>& more = {}) {
  Outcome outcome = prove(object, start, more);
  EXPECT_EQ(outcome.exit_code, 2) << start;
  EXPECT_EQ(outcome.count("refuted  "), 0u) << start << testing::PrintToString(outcome.lines);
  EXPECT_GT(outcome.count("unknown  "), 0u) << start;
  EXPECT_TRUE(outcome.says(reason)) << start << testing::PrintToString(outcome.lines);
  return outcome;
}

TEST(verdicts, a_bool_is_0_or_1_in_al_however_it_is_read) {
  for (const char* const start : {"bit_tested", "bit_flipped", "word_flipped",
                                  "flipped_when_extended", "compared_with_1", "bit_cut_out"}) {
    expect_proved("verdicts.o", start);
  }
}

TEST(verdicts, the_rest_of_rax_is_anything) {
  for (const char* const start : {"double_word_tested", "word_tested", "double_word_compared"}) {
    const Outcome outcome = prove("verdicts.o", start);
    EXPECT_EQ(outcome.exit_code, 1) << start;
    EXPECT_EQ(outcome.count("refuted  continuation_start/T5.payload "), 1u) << start;
  }
  expect_refuted("other_bit_tested", {"T5.payload "});
}

TEST(verdicts, a_count_is_a_u32_that_is_zero_extended) {
  expect_proved("verdicts.o", "count_as_double_word");
}

TEST(verdicts, an_aligned_address_may_be_aligned_again) {
  for (const char* const start : {"aligned", "aligned_in_rax", "aligned_up", "aligned_by_shifts",
                                  "aligned_by_or", "aligned_twice", "aligned_with_rsp_saved"}) {
    expect_proved("verdicts.o", start);
  }
}

TEST(verdicts, an_alignment_that_nothing_decides_is_unknown) {
  expect_unknown("verdicts.o", "aligned_to_32", "an address that is not known to be in a region");
  // On a stack with less space, that goes below the limit: there is such a state.
  expect_refuted("aligned_to_4096", {"every_access_is_in_its_region"});
}

TEST(verdicts, a_table_in_read_only_memory_is_read) {
  for (const char* const object : {"verdicts.o", "verdicts.so", "verdicts_relr.so"}) {
    expect_proved(object, "from_a_table");
    expect_proved(object, "from_a_short_table");
    const Outcome wrong = prove(object, "from_a_wrong_table");
    EXPECT_EQ(wrong.exit_code, 1) << object;
    EXPECT_EQ(wrong.count("refuted  continuation_start/T5.payload "), 1u) << object;
  }
}

TEST(verdicts, a_variable_is_unknown_and_named) {
  for (const char* const start : {"from_a_variable", "read_of_a_variable"}) {
    for (const char* const object : {"verdicts.o", "verdicts.so"}) {
      expect_unknown(object, start,
                     "of the variable changing, which the contract does not describe");
    }
  }
}

TEST(verdicts, a_callee_by_its_address_is_that_callee) {
  const std::vector<std::string> callee{"--symbol", "fiber_start=engine_fiber_start"};
  const std::vector<std::string> hidden{"--symbol", "fiber_start=engine_callee"};
  for (const char* const object :
       {"verdicts.so", "verdicts_relr.so", "verdicts_pie", "verdicts_static"}) {
    expect_proved(object, "callee_in_a_register", callee);
    expect_proved(object, "callee_in_a_pointer", callee);
    expect_proved(object, "callee_in_a_hidden_pointer", hidden);
  }
}

TEST(verdicts, a_callee_by_an_address_that_may_change_is_unknown) {
  const std::vector<std::string> hidden{"--symbol", "fiber_start=engine_callee"};
  expect_unknown("verdicts.so", "callee_in_a_variable", "of the variable variable_callee", hidden);
  // Without -z relro the slots stay writable.
  for (const char* const start : {"callee_in_a_register", "callee_in_a_pointer"}) {
    expect_unknown("verdicts_norelro.so", start, "of the variable ",
                   {"--symbol", "fiber_start=engine_fiber_start"});
  }
  expect_unknown("verdicts.so", "callee_that_is_weak", "its address may be 0",
                 {"--symbol", "fiber_start=engine_fiber_start"});
}

TEST(verdicts, a_refutation_is_status_1_and_the_first_line_whatever_is_unknown) {
  expect_refuted("parent_rbp_first", {"every_access_is_in_its_region"});
  expect_refuted("trap_where_it_failed", {"every_path_leaves"});
  expect_refuted("load_of_address_0", {"every_access_is_in_its_region"});
  expect_refuted("store_to_a_table", {"every_access_is_in_its_region"});
  expect_refuted("store_to_code", {"every_access_is_in_its_region"});
  const Outcome outcome = prove("verdicts.o", "parent_rbp_first");
  EXPECT_TRUE(outcome.says(
      "not reached: continuation_start/every_access_is_in_its_region is refuted before it"));
  const auto complaints = std::ranges::count_if(outcome.lines, [](const std::string& line) {
    return line.find(", expected proved") != std::string::npos;
  });
  EXPECT_EQ(complaints, 1) << "what is not reached is told once";
}

// The state is shown: the value of the register that nothing is known of.
TEST(verdicts, a_refutation_shows_its_state) {
  const Outcome access = prove("verdicts.o", "parent_rbp_first");
  EXPECT_TRUE(access.says("found the address 0x"));
  const Outcome payload = prove("verdicts.o", "word_tested");
  EXPECT_TRUE(payload.says("rax after fiber_start = 0x"));
}

FileContent content(const ObjectFile& object, std::string_view section_symbol, std::uint64_t offset,
                    unsigned bytes) {
  const auto found = std::ranges::find(object.symbols(), section_symbol, &Symbol::name);
  if (found == object.symbols().end()) {
    ADD_FAILURE() << section_symbol;
    return {};
  }
  return ConstantMemory(object).at(load_address(object, found->address + offset), bytes);
}

TEST(constant_memory, is_what_the_loader_leaves) {
  using enum FileContent::Kind;
  for (const char* const name : {"verdicts.so", "verdicts_relr.so", "verdicts_pie"}) {
    const auto object = ObjectFile::open(file(name));
    ASSERT_TRUE(object) << message(object.error());
    const std::uint64_t callee = load_address(*object, *object->callee("engine_callee"));
    EXPECT_EQ(content(*object, "payloads", 0, 8).value, 0x4'0000'0000u) << name;
    EXPECT_EQ(content(*object, "payloads", 4, 1).value, 4u) << name;
    const FileContent hidden = content(*object, "hidden_pointer", 0, 8);
    EXPECT_EQ(hidden.kind, constant) << name;
    EXPECT_EQ(hidden.value, callee) << name;
    EXPECT_EQ(content(*object, "hidden_pointer", 4, 4).value, callee >> 32) << name;
    const FileContent pointer = content(*object, "pointer_to_callee", 0, 8);
    // Another library may replace a library's own symbol; a program's is its own.
    EXPECT_EQ(pointer.kind, std::string_view(name).ends_with(".so") ? symbol : constant) << name;
    EXPECT_EQ(content(*object, "pointer_to_callee", 4, 8).kind, unknown)
        << name << ": parts of two words";
    EXPECT_EQ(content(*object, "changing", 0, 8).kind, variable) << name;
    EXPECT_EQ(content(*object, "engine_callee", 0, 1).value, 0xb8u) << name << ": mov eax, 1";
    const ConstantMemory memory(*object);
    EXPECT_EQ(memory.at(memory.extent().second + 4096, 8).kind, nothing) << name;
    EXPECT_EQ(memory.at(load_address(*object, 0) - 8, 8).kind, nothing) << name;
  }
}

TEST(constant_memory, is_nothing_that_stays_writable) {
  const auto object = ObjectFile::open(file("verdicts_norelro.so"));
  ASSERT_TRUE(object) << message(object.error());
  EXPECT_EQ(content(*object, "hidden_pointer", 0, 8).kind, FileContent::Kind::variable);
  EXPECT_EQ(content(*object, "payloads", 0, 8).kind, FileContent::Kind::constant);
}

}  // namespace
}  // namespace fiberproof::verify
