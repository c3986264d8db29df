// The theorems about unwind rules are strong enough: they are refuted, for the expected reason, of
// a program whose call frame information is changed in one place; and never proved of a mutant with
// another meaning at any instruction.
#include "verify/proofs/unwind_rules.hpp"

#include "verify/proofs/tests/frame_mutants.hpp"
#include "verify/unwind/frame_rules.hpp"
#include "verify/x86/paths.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace fiberproof::verify {
namespace {

using Bytes = std::vector<std::byte>;
using Outcome = std::expected<ContractResult, std::string>;

Outcome outcome_of(const ProofSet& set, const ObjectFile& file, bool is_mutant = false) {
  // Most mutants ask most of the questions that the program itself asks.
  static const auto solver = make_remembering_solver(make_z3_solver(std::chrono::seconds(5)));
  ProverOptions options;
  options.is_mutant = is_mutant;
  return set.prove(file, *solver, options);
}

// The labels of the theorems that were not proved.
std::set<std::string> not_proved(const Outcome& outcome) {
  if (!outcome) return {outcome.error()};
  std::set<std::string> names;
  for (const Theorem& theorem : outcome->theorems) {
    if (theorem.verdict != Verdict::proved) {
      names.insert(fmt::format("{} {}", name_of(theorem.verdict),
                               theorem.name.substr(theorem.name.find('/') + 1)));
    }
  }
  return names;
}

class unwind_rules_mutants : public testing::Test {
 protected:
  std::set<std::string> not_proved_of(const Bytes& changed) const {
    return not_proved(outcome_of(unwind_rules(), *ObjectFile::parse("mutant", changed)));
  }

  FrameMutants file_{FIBERPROOF_SUBJECT, "fiberproof_continuation_start"};
};

TEST_F(unwind_rules_mutants, none_is_refuted_of_the_program_itself) {
  EXPECT_EQ(not_proved_of(file_.bytes()), std::set<std::string>{});
  const auto v44 = outcome_of(unwind_rules_v44(), *ObjectFile::open(FIBERPROOF_SUBJECT));
  EXPECT_EQ(not_proved(v44), std::set<std::string>{});
}

const std::string rsp = "refuted T7.rsp_is_the_parents";
const std::string rbp = "refuted T7.rbp_is_the_parents";
const std::string rip = "refuted T7.rip_is_the_parents";
const std::string end = "refuted T7.parent_is_where_the_routine_goes_on";

// DW_CFA_advance_loc by 40 bytes, from the first instruction to the last jump. One instruction less
// is before the load of RBP, 4 bytes; one more is after the jump, 2 bytes.
constexpr unsigned advance = 0x40 + 40;

TEST_F(unwind_rules_mutants, that_change_one_instruction_early_find_the_stacks_own_rbp) {
  const auto mutant = file_.with(file_.place_of({advance, 0x0c, 7, 0}), {advance - 4});
  EXPECT_EQ(not_proved_of(mutant), (std::set{rbp, end}));
}

TEST_F(unwind_rules_mutants, that_change_one_instruction_late_look_through_the_parents_rbp) {
  const auto mutant = file_.with(file_.place_of({advance, 0x0c, 7, 0}), {advance + 2});
  EXPECT_EQ(not_proved_of(mutant), (std::set{rsp, rbp, rip, end}));
}

TEST_F(unwind_rules_mutants, that_do_not_change_at_the_jump_look_through_the_parents_rbp) {
  // Up to the end of the entry: the frame address, RBP's rule and RIP's.
  const auto mutant =
      file_.with(file_.place_of({advance, 0x0c, 7, 0}), {0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(not_proved_of(mutant), (std::set{rsp, rbp, rip, end}));
}

TEST_F(unwind_rules_mutants, with_a_frame_address_8_bytes_off_have_a_wrong_rsp) {
  // DW_CFA_def_cfa_expression of DW_OP_breg6 -8; -16 and 0 instead.
  const std::size_t place = file_.place_of({0x0f, 5, 0x76, 0x78, 0x23});
  EXPECT_EQ(not_proved_of(file_.with(place + 3, {0x70})), (std::set{rsp, end}));
  EXPECT_EQ(not_proved_of(file_.with(place + 3, {0x00})), (std::set{rsp, end}));
  // DW_CFA_def_cfa RSP + 0; 8 instead.
  EXPECT_EQ(not_proved_of(file_.with(file_.place_of({0x0c, 7, 0}) + 2, {8})), (std::set{rsp, end}));
}

TEST_F(unwind_rules_mutants, with_saved_registers_8_bytes_off_have_them_wrong) {
  const std::size_t of_rbp = file_.place_of({0x10, 6, 2, 0x76, 0});
  EXPECT_EQ(not_proved_of(file_.with(of_rbp + 4, {8})), (std::set{rbp, end}));
  const std::size_t of_rip = file_.place_of({0x10, 16, 2, 0x76, 8});
  EXPECT_EQ(not_proved_of(file_.with(of_rip + 4, {0})), (std::set{rip, end}));
  // DW_CFA_val_expression: the address itself.
  EXPECT_EQ(not_proved_of(file_.with(of_rip, {0x16})), (std::set{rip, end}));
  // 16 and 24 bytes above RBP are at and above TOS, which the routine may not access.
  EXPECT_EQ(not_proved_of(file_.with(of_rip + 4, {16})),
            (std::set<std::string>{rip, end, "refuted T7.rules_look_only_at_the_stack"}));
}

TEST_F(unwind_rules_mutants, that_make_rip_undefined_end_the_walk) {
  const std::size_t place = file_.place_of({0x09, 16, 4});  // DW_CFA_register RIP RSI
  EXPECT_EQ(not_proved_of(file_.with(place, {0x07, 16, 0})), (std::set{rip, end}));
}

TEST_F(unwind_rules_mutants, that_are_no_signal_frame_say_that_the_parent_made_a_call) {
  auto labels = not_proved_of(file_.with_common_of("zR"));
  labels.erase("refuted T7.no_other_register_is_preserved");  // as puts it in the CIE
  EXPECT_EQ(labels, (std::set<std::string>{"refuted T7.resume_address_is_exact"}));
}

TEST_F(unwind_rules_mutants, that_say_nothing_of_a_preserved_register_are_noticed) {
  for (const unsigned reg : {3u, 12u, 13u, 14u, 15u}) {
    const std::size_t place = file_.place_of({0x07, reg});
    const std::set<std::string> expected{"refuted T7.no_other_register_is_preserved"};
    EXPECT_EQ(not_proved_of(file_.with(place, {0, 0})), expected) << reg;       // DW_CFA_nop
    EXPECT_EQ(not_proved_of(file_.with(place, {0x08, reg})), expected) << reg;  // DW_CFA_same_value
  }
}

TEST_F(unwind_rules_mutants, that_reach_beyond_the_routine_are_noticed) {
  const std::size_t count = file_.entry().begin + 4;
  const auto bytes = std::to_integer<unsigned>(file_.bytes()[count]);
  EXPECT_EQ(not_proved_of(file_.with(count, {bytes + 4})),
            (std::set<std::string>{"refuted T7.rules_end_with_the_routine"}));
}

TEST_F(unwind_rules_mutants, that_cover_only_a_part_are_an_error) {
  const std::size_t count = file_.entry().begin + 4;
  const auto outcome =
      outcome_of(unwind_rules(), *ObjectFile::parse("mutant", file_.with(count, {4})));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_TRUE(outcome.error().starts_with("fiberproof: mutant: no call frame information"))
      << outcome.error();
}

TEST_F(unwind_rules_mutants, with_an_operation_that_is_not_modelled_are_an_error_that_names_it) {
  const std::size_t place = file_.place_of({0x0f, 5, 0x76, 0x78, 0x23, 0, 0x06});
  // DW_OP_neg instead of DW_OP_deref.
  const auto mutant = ObjectFile::parse("mutant", file_.with(place + 6, {0x1f}));
  const auto outcome = outcome_of(unwind_rules(), *mutant);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_TRUE(outcome.error().starts_with(
      "fiberproof: mutant: DW_OP_neg is not modelled in \"rbp-8 +0 DW_OP_neg\" (.eh_frame, for 0x"))
      << outcome.error();
}

TEST(unwind_rules_file, a_relocatable_file_is_refused) {
  const auto file = ObjectFile::open(FIBERPROOF_OBJECT);
  ASSERT_TRUE(file.has_value());
  const auto rules = CallFrameInformation::read(*file);
  ASSERT_FALSE(rules.has_value());
  EXPECT_NE(message(rules.error()).find("link it first (.eh_frame)"), std::string::npos);
}

// The file's statements at every point of the proof: the rules, the registers that it makes
// undefined, and others of which it says anything. Nothing if any of it is unreadable.
struct Meaning {
  std::vector<FrameRules> rules;
  std::vector<bool> undefined;
  std::vector<bool> mentioned;
  friend bool operator==(const Meaning&, const Meaning&) = default;
};

std::optional<Meaning> meaning_of(const ObjectFile& file, const Code& code) {
  const auto information = CallFrameInformation::read(file);
  if (!information) return std::nullopt;
  Meaning meaning;
  for (const auto& [address, instruction] : code.instructions) {
    if (instruction.operation == Operation::ud2)
      continue;  // behind the jump: not looked up before
                 // it
    for (const std::uint64_t at : {address, instruction.next_address() - 1}) {
      if (at != address && instruction.operation != Operation::call) continue;
      auto rules = information->at(at);
      if (!rules) return std::nullopt;
      rules->begin = rules->end = 0;
      for (std::size_t number = 0; number < dwarf_register_count; ++number) {
        const bool is_asked_for = number == 6 || number == 7 || number == rules->return_address;
        if (!is_asked_for) rules->registers[number] = {};
      }
      meaning.rules.push_back(std::move(*rules));
    }
  }
  for (const DwarfRegister reg : {DwarfRegister::rbx, DwarfRegister::r12, DwarfRegister::r13,
                                  DwarfRegister::r14, DwarfRegister::r15}) {
    const auto is_undefined = information->is_said_undefined(code.begin, reg);
    if (!is_undefined) return std::nullopt;
    meaning.undefined.push_back(*is_undefined);
  }
  for (const DwarfRegister reg : {DwarfRegister::rax, DwarfRegister::rdx, DwarfRegister::rcx,
                                  DwarfRegister::rsi, DwarfRegister::rdi, DwarfRegister::r8,
                                  DwarfRegister::r9, DwarfRegister::r10, DwarfRegister::r11}) {
    const auto is_mentioned = information->is_mentioned(code.begin, reg);
    if (!is_mentioned) return std::nullopt;
    meaning.mentioned.push_back(*is_mentioned);
  }
  return meaning;
}

struct Score {
  std::size_t mutants = 0, refuted = 0, refused = 0, the_same = 0;
  std::vector<std::string> survivors;
};

// Replacements for a byte: DW_CFA_nop, and the byte with each of its bits flipped.
std::set<unsigned> changes_of(unsigned byte) {
  std::set<unsigned> values{0};
  for (unsigned bit = 1; bit < 0x100; bit <<= 1) values.insert(byte ^ bit);
  values.erase(byte);
  return values;
}

struct Original {
  ProofSet set;
  std::string routine;
  FrameMutants file{FIBERPROOF_SUBJECT, routine};
  ObjectFile original = *ObjectFile::open(FIBERPROOF_SUBJECT);
  Routine symbol = *original.routine(routine);
  Code code = decode_all(routine, symbol.address, symbol.bytes);
  std::optional<Meaning> meaning = meaning_of(original, code);
};

void count_mutant(const Original& subject, std::size_t place, unsigned value, Score& sum) {
  ++sum.mutants;
  const auto mutant = ObjectFile::parse("mutant", subject.file.with(place, {value}));
  const auto outcome = outcome_of(subject.set, *mutant, true);
  const auto verdicts = not_proved(outcome);
  const bool is_refuted = std::ranges::any_of(
      verdicts, [](const std::string& line) { return line.starts_with("refuted"); });
  if (!outcome) {
    ++sum.refused;
  } else if (is_refuted) {
    ++sum.refuted;
  } else if (verdicts.empty() && meaning_of(*mutant, subject.code) == subject.meaning) {
    ++sum.the_same;
  } else {
    const auto from = std::to_integer<unsigned>(subject.file.bytes()[place]);
    sum.survivors.push_back(fmt::format("byte {:#x} of the file: {:#04x} -> {:#04x} {}", place,
                                        from, value, fmt::join(verdicts, ", ")));
  }
}

Score score(const Original& subject, std::initializer_list<FileRange> ranges) {
  Score sum;
  for (const FileRange& range : ranges) {
    for (std::size_t place = range.begin; place < range.end; ++place) {
      const auto byte = std::to_integer<unsigned>(subject.file.bytes()[place]);
      for (const unsigned value : changes_of(byte)) count_mutant(subject, place, value, sum);
    }
  }
  fmt::print("{}: {} mutants, {} refuted, {} refused, {} say the same\n", subject.routine,
             sum.mutants, sum.refuted, sum.refused, sum.the_same);
  return sum;
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

TEST(unwind_rules_bytes, of_continuation_start_are_refuted_or_refused_or_say_the_same) {
  const Original subject{unwind_rules(), "fiberproof_continuation_start"};
  ASSERT_TRUE(subject.meaning.has_value());
  const Score sum = score(subject, {subject.file.entry(), subject.file.common()});
  EXPECT_GE(sum.mutants, 400u);
  EXPECT_GE(sum.refuted, 200u);
  EXPECT_TRUE(sum.survivors.empty()) << joined(sum.survivors);
}

// The common information is the same.
TEST(unwind_rules_bytes, of_continuation_start_v44_are_refuted_or_refused_or_say_the_same) {
  const Original subject{unwind_rules_v44(), "fiberproof_continuation_start_v44"};
  ASSERT_TRUE(subject.meaning.has_value());
  const Score sum = score(subject, {subject.file.entry()});
  EXPECT_GE(sum.mutants, 300u);
  EXPECT_GE(sum.refuted, 100u);
  EXPECT_TRUE(sum.survivors.empty()) << joined(sum.survivors);
}

}  // namespace
}  // namespace fiberproof::verify
