// Proves contracts about the routines of fixture_routines.cpp, and finds their theorems.
#pragma once

#include "verify/obligation/prover.hpp"
#include "verify/obligation/tests/fixture_contract.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

class prover : public testing::Test {
 protected:
  std::expected<ContractResult, std::string> run(const std::string& body) {
    const auto contract = parse_contract(std::string(preamble) + body, "fixture.contract");
    if (!contract) return std::unexpected(message(contract.error()));
    const auto file = ObjectFile::open("/proc/self/exe");
    if (!file) return std::unexpected(message(file.error()));
    const auto solver = make_z3_solver(std::chrono::seconds(5));
    return prove(*contract, *file, *solver, {});
  }

  const Theorem& theorem(const std::string& body, const std::string& name) {
    auto result = run(body);
    if (!result) {
      ADD_FAILURE() << result.error();
      return missing_;
    }
    results_.push_back(std::move(*result));
    const auto& theorems = results_.back().theorems;
    const auto found = std::ranges::find(theorems, "fixture/" + name, &Theorem::name);
    if (found == theorems.end()) {
      ADD_FAILURE() << "no theorem fixture/" << name;
      return missing_;
    }
    return *found;
  }

 private:
  std::vector<ContractResult> results_;
  Theorem missing_;
};

inline constexpr const char* exits = "exit\n  L1 a: rsp == frame + 8\n";
inline constexpr const char* exits_with_maximum =
    "exit\n  L1 maximum: rsp == frame + 8 and rax == max(old rdi, old rsi)\n";

}  // namespace fiberproof::verify
