#include "verify/certificate/proof.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>

namespace fiberproof::verify {
namespace {

class Parser {
 public:
  Parser(std::span<const std::byte> proof, std::uint32_t variables)
      : proof_(proof), variables_(variables) {}

  std::expected<std::vector<ProofStep>, std::string> run() {
    std::vector<ProofStep> steps;
    bool is_done = false;
    while (at_ < proof_.size()) {
      auto next = step();
      if (!next) return std::unexpected(fmt::format("byte {} of the proof: {}", at_, error_));
      steps.push_back(std::move(*next));
      is_done = is_done || (!steps.back().is_deletion && steps.back().literals.empty());
    }
    if (is_done) return steps;
    return std::unexpected("the proof ends without the empty clause");
  }

 private:
  std::optional<ProofStep> step() {
    const auto kind = static_cast<char>(proof_[at_++]);
    if (kind != 'a' && kind != 'd') return fail("neither a lemma nor a deletion");
    ProofStep step{kind == 'd', {}};
    while (true) {
      const auto code = number();
      if (!code) return fail("a number without an end");
      if (*code == 0) break;
      if (*code / 2 == 0 || *code / 2 > variables_) return fail("a literal of no variable");
      step.literals.emplace_back(static_cast<std::uint32_t>(*code));
    }
    std::ranges::sort(step.literals);
    step.literals.erase(std::ranges::unique(step.literals).begin(), step.literals.end());
    return step;
  }

  // Seven bits per byte, lowest first; the last byte is the one below 128.
  std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35 && at_ < proof_.size(); shift += 7) {
      const auto part = static_cast<std::uint64_t>(proof_[at_++]);
      value |= (part & 127) << shift;
      if (part < 128) return value;
    }
    return std::nullopt;
  }

  std::nullopt_t fail(const char* error) {
    error_ = error;
    return std::nullopt;
  }

  std::span<const std::byte> proof_;
  std::uint32_t variables_;
  std::size_t at_ = 0;
  const char* error_ = "";
};

}  // namespace

std::expected<std::vector<ProofStep>, std::string> parse_proof(std::span<const std::byte> proof,
                                                               std::uint32_t variables) {
  return Parser(proof, variables).run();
}

}  // namespace fiberproof::verify
