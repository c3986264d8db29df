// layout_50.contract and fresh_start_50.contract: for each clause a variant of the contract's text
// in which it is refuted, so that none holds of any layout whatever.
#include "verify/embedded/embedded.hpp"
#include "verify/object/object_file.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>

namespace fiberproof::verify {
namespace {

struct Variant {
  std::string_view from;
  std::string_view to;
  std::set<std::string> refuted;  // at least these clauses
};

std::string text_of(std::string_view contract) {
  const std::string name = "/" + std::string(contract) + ".contract";
  const auto found = std::ranges::find_if(
      embedded_contracts(), [&](const EmbeddedText& entry) { return entry.path.ends_with(name); });
  EXPECT_NE(found, embedded_contracts().end());
  return std::string(found->text);
}

ContractResult proved(const std::string& text) {
  const auto contract = parse_contract(text, "variant.contract");
  EXPECT_TRUE(contract.has_value()) << message(contract.error());
  const auto file = ObjectFile::open(FIBERPROOF_COMMAND);
  EXPECT_TRUE(file.has_value()) << message(file.error());
  const auto solver = make_remembering_solver(make_z3_solver(std::chrono::seconds(10)));
  auto result = prove(*contract, *file, *solver, {});
  EXPECT_TRUE(result.has_value()) << result.error();
  return result.value_or(ContractResult{});
}

std::set<std::string> refuted_in(const std::string& text) {
  std::set<std::string> labels;
  for (const Theorem& theorem : proved(text).theorems) {
    if (theorem.verdict == Verdict::refuted) {
      labels.insert(theorem.name.substr(theorem.name.find('/') + 1));
    }
  }
  return labels;
}

// Each variant refutes what it says, and every clause is refuted by one of them.
void expect_each_clause_refuted(std::string_view name, const std::vector<Variant>& variants) {
  const std::string text = text_of(name);
  std::set<std::string> covered;
  for (const Variant& variant : variants) {
    std::string changed = text;
    const std::size_t at = changed.find(variant.from);
    ASSERT_NE(at, std::string::npos) << variant.from;
    changed.replace(at, variant.from.size(), variant.to);
    const std::set<std::string> refuted = refuted_in(changed);
    for (const std::string& label : variant.refuted) {
      EXPECT_TRUE(refuted.contains(label)) << variant.to << ": " << label;
    }
    covered.insert(refuted.begin(), refuted.end());
  }
  for (const Theorem& theorem : proved(text).theorems) {
    EXPECT_EQ(theorem.verdict, Verdict::proved) << theorem.name;
    const std::string label = theorem.name.substr(theorem.name.find('/') + 1);
    if (theorem.spec_id.empty()) continue;  // about the contract as a whole
    EXPECT_TRUE(covered.contains(label)) << "no variant refutes " << theorem.name;
  }
}

TEST(wasmtime_layout, each_clause_of_the_drawing_is_refuted_of_another) {
  expect_each_clause_refuted(
      "layout_50",
      {
          {"((n + 15) >> 4) << 4",
           "n",
           {"L7.markers_are_aligned", "L7.first_rsp_is_aligned",
            "T1.continuation_start_covers_the_size"}},
          {"((n + 15) >> 4) << 4", "(n >> 4) << 4", {"L6.every_value_has_a_marker"}},
          {"((n + 15) >> 4) << 4 : 0",
           "((n + 15) >> 4) << 4 : 16",
           {"T1.size_without_references_is_16_n"}},
          {"let s = 16 * n + markers",
           "let s = 17 * n + markers",
           {"L6.markers_are_below_the_values", "T1.size_without_references_is_16_n"}},
          {"let s = 16 * n + markers",
           "let s = n << 60",
           {"L6.markers_are_below_the_values", "T1.continuation_start_covers_the_size"}},
          {"let n = max(parameters, returns)",
           "let n = parameters",
           {"L6.every_parameter_and_every_result_has_a_slot"}},
          {"let required = 0x40 + s", "let required = 0x38 + s", {"L6.no_address_wraps"}},
          {"let required = 0x40 + s",
           "let required = (1 << 40) + s",
           {"L5.the_size_does_not_overflow"}},
          {"ghost TOS : word aligned 16", "ghost TOS : word", {"L7.buffer_is_aligned"}},
      });
}

TEST(wasmtime_layout, each_clause_of_a_start_is_refuted_of_another_layout) {
  expect_each_clause_refuted(
      "fresh_start_50",
      {
          {"assume [TOS - 0x08] == start",
           "assume [TOS - 0x08] == func_ref",
           {"S1.switch_enters_the_start_routine"}},
          {"rdi == payload", "rdi == start", {"S3.payload_arrives"}},
          // The size of Wasmtime 44: the first RSP has no room for the markers.
          {"assume [TOS - 0x18] == TOS - 0x40 - s",
           "assume [TOS - 0x18] == TOS - 0x40 - 16 * n",
           {"T1.entry_rsp"}},
          {"assume [TOS - 0x18] == TOS - 0x40 - s",
           "assume [TOS - 0x18] == TOS - 0x48 - s",
           {"T1.entry_rsp", "T2.rsp_is_below_the_markers", "T2.rsp_is_aligned"}},
          {"let markers = has_references ? ((n + 15) >> 4) << 4 : 0",
           "let markers = 0",
           {"T1.entry_rsp"}},
          {"let markers = has_references ? ((n + 15) >> 4) << 4 : 0",
           "let markers = n",
           {"T2.rsp_is_aligned"}},
          {"assume [TOS - 0x10] == TOS - 0x10",
           "assume [TOS - 0x10] == TOS - 0x18",
           {"T1.entry_rbp"}},
          {"rbp == parent_rbp\n",
           "rbp == parent_rsp\n",
           {"T3.parent_rbp_is_linked", "T3.chain_still_links_the_parent", "T4.parent_rbp"}},
          {"  store_operand == TOS - 0x18",
           "  store_operand == TOS - 0x20",
           {"T3.resume_address_is_linked"}},
          {"rsp == parent_rsp\n", "rsp == parent_rbp\n", {"T4.parent_rsp"}},
          {"assume [TOS - 0x40 - s] == returns",
           "assume [TOS - 0x40 - s] == parameters",
           {"T2.return_value_count"}},
          {"assume [TOS - 0x38 - s] == args", "assume [TOS - 0x38 - s] == start", {"T2.args"}},
          {"assume [TOS - 0x30 - s] == caller_vmctx",
           "assume [TOS - 0x30 - s] == func_ref",
           {"T2.caller_vmctx"}},
          {"assume [TOS - 0x28 - s] == func_ref",
           "assume [TOS - 0x28 - s] == caller_vmctx",
           {"T2.func_ref"}},
          {"  keeps [TOS - 0x18, TOS) ",
           "  # nothing is kept: ",
           {"T4.parent_goes_on_after_its_switch", "T4.parent_rsp", "T4.parent_rbp"}},
          {"? 0 : 4 << 32", "? 0 : 3 << 32", {"T5.payload"}},
      });
}

}  // namespace
}  // namespace fiberproof::verify
