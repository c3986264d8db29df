// Call frame information is read as the file states it; its rules are evaluated on terms as DWARF 5
// defines them, or rejected.
#include "verify/unwind/frame_rules.hpp"

#include "verify/unwind/unwound_frame.hpp"

#include <dwarf.h>
#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

using Kind = RegisterRule::Kind;

std::uint64_t address_of(const ObjectFile& file, std::string_view symbol) {
  return file.routine(symbol)->address;
}

class frame_rules : public testing::Test {
 protected:
  // The frame for an expression for RIP, with RSP as the frame address.
  std::expected<UnwoundFrame, std::string> unwound(RegisterRule rip) {
    FrameRules rules{};
    rules.cfa = {{DW_OP_breg7, 8}};
    rules.return_address = static_cast<std::uint64_t>(DwarfRegister::return_address);
    rules.registers[7] = {Kind::is_value, {{DW_OP_call_frame_cfa}}};
    rules.registers[6] = {Kind::same_value, {}};
    rules.registers[16] = std::move(rip);
    return unwind(rules, cpu_);
  }

  std::uint64_t value(DwarfExpression expression) {
    const auto frame = unwound({Kind::is_value, std::move(expression)});
    if (!frame || !frame->rip) return 0xbad;
    return evaluate(*frame->rip, Model{});
  }

  std::string error(DwarfExpression expression) {
    const auto frame = unwound({Kind::is_value, std::move(expression)});
    return frame ? "none" : frame.error();
  }

  std::unique_ptr<Solver> solver_ = make_z3_solver(std::chrono::seconds(5));
  Regions regions_{{"stack", variable("top"), word(0) - word(4096), word(4096)}};
  SymbolicCpu cpu_{&regions_, Memory(&regions_, solver_.get(), "entry"), "entry"};
};

TEST_F(frame_rules, operations_do_what_dwarf_says) {
  cpu_.write(Register::rdx, word(100));  // number 1
  cpu_.write(Register::rcx, word(200));  // number 2
  cpu_.write(Register::r15, word(300));
  EXPECT_EQ(value({{DW_OP_lit31}}), 31u);
  EXPECT_EQ(value({{DW_OP_const8u, 7}}), 7u);
  EXPECT_EQ(value({{DW_OP_breg1, 8}}), 108u);
  EXPECT_EQ(value({{DW_OP_breg2, std::uint64_t{0} - 8}}), 192u);
  EXPECT_EQ(value({{DW_OP_bregx, 15, 1}}), 301u);
  EXPECT_EQ(value({{DW_OP_lit7}, {DW_OP_lit2}, {DW_OP_minus}}), 5u);
  EXPECT_EQ(value({{DW_OP_lit7}, {DW_OP_lit2}, {DW_OP_plus}}), 9u);
  EXPECT_EQ(value({{DW_OP_lit7}, {DW_OP_lit10}, {DW_OP_and}}), 2u);
  EXPECT_EQ(value({{DW_OP_lit5}, {DW_OP_lit10}, {DW_OP_or}}), 15u);
  EXPECT_EQ(value({{DW_OP_lit5}, {DW_OP_dup}, {DW_OP_plus}}), 10u);
  EXPECT_EQ(value({{DW_OP_lit5}, {DW_OP_plus_uconst, 300}, {DW_OP_nop}}), 305u);
}

TEST_F(frame_rules, rules_say_where_a_register_is) {
  const Term top = variable("top");
  cpu_.write(Register::rsp, top - word(64));
  cpu_.store(top - word(24), word(77), 8);
  cpu_.write(Register::rsi, word(5));
  // The frame address is RSP + 8 here, and first on the stack of an expression.
  const auto in_memory =
      unwound({Kind::in_memory, {{DW_OP_call_frame_cfa}, {DW_OP_plus_uconst, 32}}});
  EXPECT_EQ(evaluate(*in_memory->rip, Model{}), 77u);
  ASSERT_EQ(in_memory->reads.size(), 1u);
  EXPECT_TRUE(same(*in_memory->rbp, cpu_.read(Register::rbp)));
  EXPECT_EQ(constant_difference(*in_memory->rsp, top), std::uint64_t{0} - 56);
  EXPECT_EQ(value({{DW_OP_breg7, 40}, {DW_OP_deref}}), 77u);
  EXPECT_EQ(evaluate(*unwound({Kind::in_register, {{DW_OP_reg4}}})->rip, Model{}), 5u);
  EXPECT_EQ(evaluate(*unwound({Kind::in_register, {{DW_OP_regx, 4}}})->rip, Model{}), 5u);
  EXPECT_FALSE(unwound({Kind::undefined, {}})->rip.has_value());
  EXPECT_FALSE(unwound({Kind::same_value, {}})->rip.has_value());
}

TEST_F(frame_rules, a_load_outside_every_region_is_a_fault) {
  const auto frame = unwound({Kind::in_memory, {{DW_OP_breg0, 0}}});
  ASSERT_TRUE(frame.has_value());
  EXPECT_TRUE(frame->fault.has_value());
  EXPECT_TRUE(frame->fault_is_outside);
}

TEST_F(frame_rules, an_unmodelled_operation_is_an_error_that_names_it) {
  EXPECT_EQ(error({{DW_OP_lit1}, {DW_OP_neg}}),
            "DW_OP_neg is not modelled in \"DW_OP_lit1 DW_OP_neg\"");
  EXPECT_EQ(error({{DW_OP_addr, 1}}), "DW_OP_addr is not modelled in \"DW_OP_addr\"");
  EXPECT_EQ(error({{0xe7}}), "DWARF operation 0xe7 is not modelled in \"DWARF operation 0xe7\"");
  EXPECT_EQ(error({{DW_OP_lit1}, {DW_OP_plus}}),
            "an operation without its operands in \"DW_OP_lit1 DW_OP_plus\"");
  EXPECT_EQ(error({{DW_OP_deref}}), "an operation without its operand in \"deref\"");
  EXPECT_EQ(error({}), "the expression leaves no value");
  EXPECT_EQ(error({{DW_OP_breg16, 0}}),
            "register 16 is not a general-purpose register in \"rip+0\"");
}

TEST_F(frame_rules, reads_those_of_the_trampoline_as_written) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  const auto information = CallFrameInformation::read(*file);
  ASSERT_TRUE(information.has_value()) << message(information.error());
  const auto routine = file->routine("fiberproof_continuation_start");
  const std::uint64_t begin = routine->address;
  const auto first = information->at(begin);
  EXPECT_EQ(
      text(*first),
      "CFA = rbp-8 +0 deref, rsp CFA, rbp in memory at CFA rbp+0, rip in memory at CFA rbp+8");
  EXPECT_TRUE(first->is_signal_frame);
  EXPECT_EQ(first->begin, begin);
  const auto last = information->at(first->end);
  EXPECT_EQ(text(*last), "CFA = rsp+0, rsp CFA, rbp unchanged, rip in rsi");
  EXPECT_EQ(last->end, begin + routine->bytes.size());
}

// libdw answers that RBX is undefined if a file says nothing of it.
TEST_F(frame_rules, distinguishes_libdws_defaults_from_the_file) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  const auto information = CallFrameInformation::read(*file);
  const std::uint64_t start = address_of(*file, "fiberproof_continuation_start");
  const std::uint64_t compiled = address_of(*file, "main");
  for (const DwarfRegister reg : {DwarfRegister::rbx, DwarfRegister::r12, DwarfRegister::r15}) {
    EXPECT_EQ(information->at(start)->of(reg).kind, Kind::undefined);
    EXPECT_EQ(information->is_said_undefined(start, reg), true) << name(reg);
    EXPECT_EQ(information->is_said_undefined(compiled, reg), false) << name(reg);
  }
  EXPECT_EQ(information->is_said_undefined(start, DwarfRegister::rbp), false);
}

TEST_F(frame_rules, tells_of_which_registers_a_file_speaks) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  const auto information = CallFrameInformation::read(*file);
  const std::uint64_t start = address_of(*file, "fiberproof_continuation_start");
  for (const DwarfRegister reg : {DwarfRegister::rbx, DwarfRegister::rbp, DwarfRegister::r15}) {
    EXPECT_EQ(information->is_mentioned(start, reg), true) << name(reg);
  }
  for (const DwarfRegister reg : {DwarfRegister::rax, DwarfRegister::rdi, DwarfRegister::r11}) {
    EXPECT_EQ(information->is_mentioned(start, reg), false) << name(reg);
  }
  EXPECT_FALSE(information->is_mentioned(0x10, DwarfRegister::rax).has_value());
}

TEST_F(frame_rules, an_address_without_rules_is_an_error_with_its_place) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  const auto information = CallFrameInformation::read(*file);
  const auto rules = information->at(0x10);
  ASSERT_FALSE(rules.has_value());
  EXPECT_EQ(rules.error().place, ".eh_frame, for 0x10");
  EXPECT_EQ(information->is_said_undefined(0x10, DwarfRegister::rbx).error().kind,
            ObjectError::Kind::not_found);
}

}  // namespace
}  // namespace fiberproof::verify
