// The contract language: every statement is read, and every error has its line and column.
#include "verify/obligation/contract.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace fiberproof::verify {
namespace {

std::string error_of(std::string_view text) {
  const auto contract = parse_contract(text, "some.contract");
  return contract ? "no error" : message(contract.error());
}

TEST(contract, every_statement_is_read) {
  const auto contract = parse_contract(R"(contract all
ghost TOS : word aligned 16
ghost n, m : u32
ghost flag : truth
let s = 16 * max(n, m)
assume s <= 4096 and
  not flag
region stack = [TOS - 4096, TOS)
region fixed = [m, m + 8) read_only
slot stack.top = TOS - 8
alias TOS = 0x1000
run first = function some_function
  rsp == TOS - 0x40 - s
  T1 arrives: rsp aligned 16
call callee = function other_function
  T2 argument: rdi == old [TOS - 8]
  keeps [TOS - 16, TOS)
  returns (al != 0) == flag
call kernel = syscall 0x0e
call pointed_at = indirect old [TOS - 24]
  keeps [TOS - 16, TOS), [TOS - 32, TOS - 24)
run second = function some_function after other_function
  T2 comes_back: rip == first.end
  havoc keeps [TOS - 16, TOS), [TOS - 32, TOS - 24)
  rsp == TOS
  fs_base == TOS
model
  [TOS - 8] := (flag ? 1 : 0) when n < m
exit
  T4 goes_on: flag => rip == [TOS - 0x08]   # a comment
  T5 payload: rdi == callee.rax and rsi == first.end and
    u16 [TOS - 2] & 0xff ==
    first.begin
modifies
  T6 [TOS - 8, TOS) when flag
prefer n == 0
counterexample
  | fiberproof program 2
  |   indented {n}
)",
                                       "all.contract");
  ASSERT_TRUE(contract.has_value()) << message(contract.error());
  EXPECT_EQ(contract->ghosts.size(), 4u);
  EXPECT_EQ(contract->regions.size(), 2u);
  EXPECT_TRUE(contract->regions[1].read_only);
  ASSERT_EQ(contract->slots.size(), 1u);
  EXPECT_EQ(contract->slots[0].name, "stack.top");
  EXPECT_EQ(contract->runs[0].arrivals.size(), 1u);
  EXPECT_EQ(contract->calls[0].kept.size(), 1u);
  EXPECT_EQ(contract->calls[1].system_call, 14u);
  ASSERT_TRUE(contract->calls[2].target.has_value());
  EXPECT_EQ(contract->calls[2].kept.size(), 2u);
  EXPECT_EQ(contract->runs[1].after, "other_function");
  ASSERT_TRUE(contract->runs[1].havoc.has_value());
  EXPECT_EQ(contract->runs[1].havoc->size(), 2u);
  EXPECT_EQ(contract->exits[0].text, "flag => rip == [TOS - 0x08]");
  EXPECT_EQ(contract->modifies[0].spec_id, "T6");
  EXPECT_EQ(contract->program, "fiberproof program 2\n  indented {n}\n");
}

TEST(contract, errors_name_line_and_column) {
  EXPECT_EQ(error_of("ghost x : word"),
            "fiberproof: some.contract:1:1: begin the contract with 'contract NAME'");
  EXPECT_EQ(error_of("contract c\nlet s = 16 * n\n"),
            "fiberproof: some.contract:2:14: 'n' is not declared");
  EXPECT_EQ(error_of("contract c\nexit\n  T4 label rip == 0\n"),
            "fiberproof: some.contract:3:12: expected ':'");
  EXPECT_EQ(error_of("contract c\nexit\n  label: rip == 0\n"),
            "fiberproof: some.contract:3:3: begin the clause with the id of its rule, letters "
            "and a number such as T4 or ABI3");
  EXPECT_EQ(error_of("contract c\nassume 1 + 2\n"),
            "fiberproof: some.contract:2:10: expected a truth value, found a word");
  EXPECT_EQ(error_of("contract c\nassume 1 == (2\n"),
            "fiberproof: some.contract:3:1: expected ')'");
  EXPECT_EQ(error_of("contract c\nassume 0x1g == 1\n"),
            "fiberproof: some.contract:2:8: not a 64-bit number");
  EXPECT_EQ(error_of("contract c\nassume 99999999999999999999 == 1\n"),
            "fiberproof: some.contract:2:8: not a 64-bit number");
  EXPECT_EQ(error_of("contract c\nassume rax == $\n"),
            "fiberproof: some.contract:2:15: '$' is not a character of contracts: remove it");
  EXPECT_EQ(error_of("contract c\nghost rax : word\n"),
            "fiberproof: some.contract:2:7: 'rax' is in use: choose another name");
  EXPECT_EQ(error_of("contract c\nrun r = function f\n  havoc\n"),
            "fiberproof: some.contract:3:8: remove the havoc: nothing is known before the first "
            "run");
  EXPECT_EQ(error_of("contract c\ncall f = somehow x\n"),
            "fiberproof: some.contract:2:10: expected 'function'");
  EXPECT_EQ(error_of("contract c\nfrobnicate\n"),
            "fiberproof: some.contract:2:1: 'frobnicate' does not begin a statement: see "
            "verify/contracts/README.md");
}

// Letters and a number; a register may look the same, and is one if `==` follows.
TEST(contract, a_clause_may_have_an_id_of_its_own) {
  const std::string text =
      "contract c\nghost a : word\nregion a = [a, a + 8)\nrun f = function f\n  rsp == a\n"
      "run g = function g\n  J1 rip: rip == 5\n  r8 arrives: r8 == 6\n  r8 == 7\n  r15 == 8\n"
      "exit\n  ABI3 x: rax == 0\n  libc12 y: rax == 0\npreserves\n  Sys5 rbx\nmodifies\n"
      "  MUSL1 [a, a + 8)\n";
  const auto contract = parse_contract(text, "some.contract");
  ASSERT_TRUE(contract.has_value()) << message(contract.error());
  ASSERT_EQ(contract->runs[1].arrivals.size(), 2u);
  EXPECT_EQ(contract->runs[1].arrivals[0].spec_id, "J1");
  EXPECT_EQ(contract->runs[1].arrivals[1].spec_id, "r8");
  EXPECT_EQ(contract->runs[1].registers.size(), 2u);
  ASSERT_EQ(contract->exits.size(), 3u);
  EXPECT_EQ(contract->exits[0].spec_id, "ABI3");
  EXPECT_EQ(contract->exits[1].spec_id, "libc12");
  EXPECT_EQ(contract->exits[2].spec_id, "Sys5");
  EXPECT_EQ(contract->modifies[0].spec_id, "MUSL1");
  for (const char* const id : {"J", "1J", "J1a", "J_1", "ABCDEFGHIJKLMNOP1"}) {
    EXPECT_NE(error_of("contract c\nexit\n  " + std::string(id) + " x: rax == 0\n"), "no error")
        << id;
  }
}

TEST(contract, a_missing_file_is_named) {
  const auto contract = read_contract("no/such.contract");
  ASSERT_FALSE(contract.has_value());
  EXPECT_EQ(message(contract.error()), "fiberproof: no/such.contract:1:1: cannot be read");
}

TEST(contract, rejects_an_expression_that_is_nested_without_end) {
  for (const auto& [open, close] : {std::pair{"(", ")"}, std::pair{"not ", ""}}) {
    std::string text = "contract deep\nassume ";
    for (int depth = 0; depth < 100'000; ++depth) text += open;
    text += "true";
    for (int depth = 0; depth < 100'000; ++depth) text += close;
    EXPECT_NE(error_of(text + "\n").find("some.contract:2:"), std::string::npos);
    EXPECT_NE(error_of(text + "\n").find("nested more than"), std::string::npos);
  }
}

TEST(contract, rejects_an_expression_that_stands_for_too_much) {
  std::string doubled = "contract much\nghost a : word\nlet a0 = a\n";
  for (int round = 1; round <= 28; ++round) {
    doubled += fmt::format("let a{0} = max(a{1}, a{1} + 1)\n", round, round - 1);
  }
  EXPECT_NE(error_of(doubled).find("stands for more than 10000 terms"), std::string::npos);
  std::string sum = "contract much\nghost a : word\nassume a == a";
  for (int term = 0; term < 20'000; ++term) sum += " + a";
  EXPECT_NE(error_of(sum + "\n").find("some.contract:3:"), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::verify
