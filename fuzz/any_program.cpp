#include "fuzz/any_program.hpp"

#include "fuzz/program/text.hpp"

namespace fiberproof::fuzz {

bool has_any_magic(std::string_view text) {
  // Looked at first, since an engine's comparison of strings is dear, and most inputs are bytes.
  if (text.empty() || (text.front() != 'f' && text.front() != '\xef')) {
    return false;
  }
  text = without_mark(text);
  return has_program_magic(text) || has_machine_program_magic(text);
}

std::expected<void, ParseError> parse(std::string_view text, AnyProgram& program) {
  if (is_utf16(text)) {
    return std::unexpected(ParseError{1, 1, std::string(utf16_message)});
  }
  text = without_mark(text);
  if (has_machine_program_magic(text)) {
    return parse(text, as<MachineProgram>(program));
  }
  if (has_program_magic(text) || text.empty()) {
    return parse(text, as<Program>(program));
  }
  return std::unexpected(ParseError{
      1, 1, "the first line is neither 'fiberproof program 1' nor 'fiberproof machine-program 1'"});
}

std::string print(const AnyProgram& program) {
  return std::visit([](const auto& held) { return print(held); }, program);
}

const Expectation& expectation_of(const AnyProgram& program) {
  return std::visit([](const auto& held) -> const Expectation& { return held.expect; }, program);
}

void expect(AnyProgram& program, const Expectation& expectation) {
  std::visit([&expectation](auto& held) { held.expect = expectation; }, program);
}

Outcome run(const AnyProgram& program, FindingHandler* handler, const RunOptions& options) {
  if (const auto* const machine = std::get_if<MachineProgram>(&program)) {
    return run(*machine, handler, options);
  }
  return run(std::get<Program>(program), handler);
}

}  // namespace fiberproof::fuzz
