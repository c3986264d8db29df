// Reads a contract from text or from a file.
#include "verify/obligation/contract.hpp"

#include "verify/obligation/contract_reader.hpp"
#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>
#include <sstream>

namespace fiberproof::verify {
std::string message(const ContractError& error) {
  return fmt::format("fiberproof: {}:{}:{}: {}", error.path, error.position.line,
                     error.position.column, error.reason);
}

bool is_of_any_switch(const Contract& contract) {
  return !contract.live.empty() || std::ranges::any_of(contract.runs, [](const Run& run) {
    return std::ranges::any_of(run.registers, [](const Assignment& assignment) {
      return assignment.register_name.ends_with("_operand");
    });
  });
}

bool is_of_live_registers_alone(const Contract& contract) {
  return !contract.live.empty() && contract.exits.empty() && contract.modifies.empty();
}

std::expected<Contract, ContractError> parse_contract(std::string_view text, std::string path) {
  Contract contract;
  contract.path = std::move(path);
  const auto plain = plain_text(text);
  if (!plain) {
    const TextFault& fault = plain.error();
    return std::unexpected(ContractError{contract.path, {fault.line, fault.column}, fault.reason});
  }
  text = *plain;
  auto tokens = tokenize(text, contract.path);
  if (!tokens) return std::unexpected(tokens.error());
  ContractReader reader(text, std::move(*tokens), contract);
  if (const auto done = reader.read(); !done) return std::unexpected(done.error());
  return contract;
}

std::expected<Contract, ContractError> read_contract(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return std::unexpected(ContractError{path.string(), {}, "cannot be read"});
  }
  return parse_contract(text.str(), path.string());
}

}  // namespace fiberproof::verify
