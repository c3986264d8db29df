#include "verify/cli/contract_values.hpp"

#include "verify/embedded/embedded.hpp"
#include "verify/object/typed_number.hpp"

#include <fmt/format.h>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace fiberproof::verify {
namespace {

// Whether a contract has the definition.
bool set(std::string_view name, std::uint64_t value, std::vector<Contract>& contracts) {
  bool found = false;
  for (Contract& contract : contracts) {
    for (Definition& definition : contract.definitions) {
      const bool is_it =
          definition.name == name && definition.expression.kind == ExpressionKind::number;
      if (is_it) definition.expression.value = value;
      found = found || is_it;
    }
  }
  return found;
}

}  // namespace

std::vector<std::string> set_values(const std::vector<std::string>& values,
                                    std::vector<Contract>& contracts) {
  std::vector<std::string> lines;
  for (const std::string& text : values) {
    const std::size_t equals = text.find('=');
    const auto value = equals == text.npos ? std::nullopt : typed_number(text.substr(equals + 1));
    if (!value) {
      lines.push_back(fmt::format("--let {}: write NAME=NUMBER", text));
    } else if (const std::string name = text.substr(0, equals); !set(name, *value, contracts)) {
      lines.push_back(
          fmt::format("--let {}: no contract of --contract has 'let {} = NUMBER'", text, name));
    }
  }
  return lines;
}

std::expected<std::vector<ExpectedTheorem>, std::string> read_expected(
    const ProveOptions& options) {
  if (options.expected.empty()) {
    return parse_expected(embedded_proofs().text, embedded_proofs().path);
  }
  if (options.contracts.empty()) {
    return std::unexpected("--expected applies to the contracts of --contract: give one");
  }
  std::ifstream file(options.expected);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return std::unexpected(fmt::format("--expected {}: cannot be read", options.expected));
  }
  return parse_expected(text, options.expected);
}

}  // namespace fiberproof::verify
