// The protocol `wast`: a script with a marker module that prints where the script is, and what
// Wasmtime (44 to 50) prints about the directive that fails.
#include "fuzz/engine/batch.hpp"

#include <fmt/format.h>
#include <charconv>

namespace fiberproof::fuzz::engine {
namespace {

constexpr std::string_view marker_module =
    "(module $says\n"
    "  (import \"spectest\" \"print_i32\" (func $program (param i32)))\n"
    "  (import \"spectest\" \"print_i64\" (func $part (param i64)))\n"
    "  (func (export \"begin\") (param i32) (call $program (local.get 0)))\n"
    "  (func (export \"call\") (param i64) (call $part (local.get 0))))\n";

// Quotes a string for the text format, in which two digits may stand for any byte.
std::string wast_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = byte > ' ' && byte < 0x7f && letter != '"' && letter != '\\';
    quoted += is_plain ? std::string(1, letter) : fmt::format("\\{:02x}", byte);
  }
  return quoted + '"';
}

std::string wast_string(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\"";
  text.reserve(bytes.size() * 3 + 2);
  for (const std::uint8_t byte : bytes) {
    text += '\\';
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text + '"';
}

std::string_view trap_text(Came came) {
  switch (came) {
    case Came::unreachable: return "wasm trap: wasm `unreachable` instruction executed";
    case Came::unhandled_tag: return "wasm trap: unhandled tag";
    case Came::consumed_handle: return "wasm trap: continuation already consumed";
    case Came::null_reference: return "wasm trap: null reference";
    case Came::stack_overflow: return "wasm trap: call stack exhausted";
    case Came::returned:
    case Came::exception:
    case Came::another_trap: break;
  }
  return "";
}

std::string assertion(const wasm::Part& part, std::string_view module) {
  const std::string invoke = fmt::format("(invoke {} {})", module, wast_string(part.name));
  const Came came = came_for(part.end);
  if (came == Came::returned) return fmt::format("(assert_return {} (i32.const 0))\n", invoke);
  if (came == Came::exception) return fmt::format("(assert_exception {})\n", invoke);
  return fmt::format("(assert_trap {} \"{}\")\n", invoke, trap_text(came));
}

// The number of a line `NUMBER: TYPE` that the marker module prints.
std::optional<std::size_t> marked(std::string_view line, std::string_view type) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const auto digits = static_cast<std::size_t>(end - line.data());
  if (line.substr(digits) != fmt::format(": {}", type)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> number_behind(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + mark.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

// The cause of a failed directive: the error's last line that says something.
std::string last_cause(std::span<const std::string> lines) {
  std::string cause;
  for (const std::string& line : lines) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == line.npos || line.starts_with("note: ")) continue;
    std::string_view text = std::string_view(line).substr(begin);
    // "2: wasm trap: …" in a list of causes.
    if (const std::size_t colon = text.find(": ");
        colon != text.npos && text.find_first_not_of("0123456789") == colon) {
      text.remove_prefix(colon + 2);
    }
    // The quotation of what came ends on a line of its own.
    if (text != "'") cause = text;
  }
  while (cause.ends_with('\'')) cause.pop_back();
  return cause;
}

// The message of a module that is refused: all causes, since the last is often only an offset.
std::string all_causes(std::span<const std::string> lines) {
  std::string text;
  for (const std::string& line : lines) {
    const std::string cause = last_cause({&line, 1});
    if (cause.empty() || cause == "Caused by:" || cause.find("failed directive on") != cause.npos) {
      continue;
    }
    if (!text.empty()) text += ": ";
    text += cause;
  }
  return text;
}

void judge_call(Verdict& verdict, std::span<const std::string> lines) {
  verdict.kind = Verdict::Kind::wrong;
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  verdict.message = last_cause(lines);
  auto number = number_behind(text, "got Core([I32(");
  if (!number && text.find("didn't match") != text.npos) number = number_behind(text, "\nactual");
  if (number) {
    verdict.came = Came::returned;
    verdict.number = *number;
    return;
  }
  // Only what stands behind the mark: names of functions are in the text, too.
  constexpr std::string_view mark = "wasm trap: ";
  if (const std::size_t at = text.rfind(mark); at != text.npos) {
    const std::size_t begin = at + mark.size();
    verdict.came = trap_of(std::string_view(text).substr(begin, text.find('\n', begin) - begin));
  } else if (verdict.message.find("thrown Wasm exception") != std::string::npos) {
    verdict.came = Came::exception;
  } else {
    verdict.came = Came::another_trap;
  }
  // The class is right and yet the assertion failed: the engine words it in a way of its own.
  if (verdict.came == came_for(verdict.expected)) verdict.came = Came::another_trap;
}

Verdict failed(const BatchOutput& output, Programs programs, std::span<const std::string> lines) {
  Verdict verdict;
  if (!output.calling) {
    verdict.kind = Verdict::Kind::refused;
    verdict.message = all_causes(lines);
    return verdict;
  }
  verdict.is_in_call = true;
  verdict.part = *output.calling;
  verdict.expected = programs[*output.begun]->parts[verdict.part].end;
  judge_call(verdict, lines);
  return verdict;
}

}  // namespace

std::string wast_script(Programs programs) {
  std::string text(marker_module);
  for (const wasm::Module* const module : shared_modules(programs)) {
    text += fmt::format("(module ${0} binary {1})\n(register {2} ${0})\n", module->name,
                        wast_string(module->bytes), wast_string(module->name));
  }
  for (std::size_t program = 0; program < programs.size(); ++program) {
    const wasm::Translation& translation = *programs[program];
    text += fmt::format("(invoke $says \"begin\" (i32.const {}))\n", program);
    for (std::size_t index = 0; index < translation.modules.size(); ++index) {
      const wasm::Module& module = translation.modules[index];
      if (module.is_shared) continue;
      text +=
          fmt::format("(module $p{}m{} binary {})\n", program, index, wast_string(module.bytes));
      if (index + 1 == translation.modules.size()) continue;
      text += fmt::format("(register {} $p{}m{})\n", wast_string(module.name), program, index);
    }
    const std::string last = fmt::format("$p{}m{}", program, translation.modules.size() - 1);
    for (std::size_t part = 0; part < translation.parts.size(); ++part) {
      text += fmt::format("(invoke $says \"call\" (i64.const {}))\n", part);
      text += assertion(translation.parts[part], last);
    }
  }
  return text + fmt::format("(invoke $says \"begin\" (i32.const {}))\n", programs.size());
}

BatchOutput read_wast_output(Programs programs, std::span<const std::string> lines) {
  BatchOutput output;
  output.verdicts.resize(programs.size());
  std::size_t calls = 0;  // of the program that was begun, in their order
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (const auto program = marked(lines[at], "i32"); program && *program <= programs.size()) {
      if (output.begun) {
        const bool is_whole = calls == programs[*output.begun]->parts.size();
        output.verdicts[*output.begun] =
            is_whole ? Verdict{.kind = Verdict::Kind::agrees}
                     : Verdict{.kind = Verdict::Kind::crash, .message = "calls are missing"};
      }
      calls = 0;
      output.calling.reset();
      output.is_complete = *program == programs.size();
      output.begun.reset();
      if (!output.is_complete) output.begun = *program;
    } else if (const auto part = marked(lines[at], "i64")) {
      calls += part == calls ? 1 : 0;
      if (output.begun && *part < programs[*output.begun]->parts.size()) output.calling = part;
    } else if (output.begun && lines[at].find("failed directive on ") != std::string::npos) {
      std::size_t end = at + 1;
      while (end < lines.size() && !lines[end].starts_with("Stack backtrace:")) ++end;
      output.verdicts[*output.begun] =
          failed(output, programs, lines.subspan(at + 1, end - at - 1));
      break;
    }
  }
  return output;
}

}  // namespace fiberproof::fuzz::engine
