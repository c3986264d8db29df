#include "fuzz/engine/verdict.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace fiberproof::fuzz::engine {
namespace {

constexpr int signalled = 128;  // an exit code above tells of a signal

// Parts of messages: of Wasmtime 44 to 50, then of V8 14 to 15.
constexpr std::array<std::pair<std::string_view, Came>, 15> known_messages{{
    {"wasm `unreachable` instruction executed", Came::unreachable},
    {"unhandled tag", Came::unhandled_tag},
    {"continuation already consumed", Came::consumed_handle},
    {"null reference", Came::null_reference},
    {"call stack exhausted", Came::stack_overflow},
    {"thrown Wasm exception", Came::exception},
    {"unhandled suspend", Came::unhandled_tag},
    {"unhandled switch", Came::unhandled_tag},
    {"SuspendError", Came::unhandled_tag},
    {"resuming an invalid continuation", Came::consumed_handle},
    {"invalid continuation", Came::consumed_handle},
    {"dereferencing a null pointer", Came::null_reference},
    {"Maximum call stack size exceeded", Came::stack_overflow},
    {"too much recursion", Came::stack_overflow},
    {"unreachable", Came::unreachable},
}};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

// A path of sources without the folders of the machine that built the program.
std::string source_place(std::string_view path) {
  if (const std::size_t at = path.rfind("crates/"); at != path.npos) {
    return std::string(path.substr(at));
  }
  constexpr std::string_view sources = "/src/";
  const std::size_t at = path.rfind(sources);
  if (at == path.npos) return std::string(path);
  // With the folder above it, which is a crate's.
  const std::size_t above = at == 0 ? path.npos : path.rfind('/', at - 1);
  std::string_view place = path.substr(above == path.npos ? 0 : above + 1);
  if (place.starts_with("../")) place.remove_prefix(std::string_view("../").size());
  return std::string(place);
}

// "thread 'main' (71) panicked at PATH:LINE:COLUMN:", and the words on the line behind it.
std::optional<std::string> panic_of(std::span<const std::string> lines) {
  constexpr std::string_view mark = "panicked at ";
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::size_t at = lines[index].find(mark);
    if (at == std::string::npos) continue;
    std::string place = lines[index].substr(at + mark.size());
    while (place.ends_with(':')) place.pop_back();
    // The column says nothing that the line does not.
    const std::size_t column = place.rfind(':');
    if (column != place.npos && place.rfind(':', column - 1) != place.npos) place.resize(column);
    const std::string words = index + 1 < lines.size() ? plain_words(lines[index + 1]) : "";
    return fmt::format("panic at {}: {}", source_place(place), words);
  }
  return std::nullopt;
}

// V8: "# Fatal error in PATH, line N", then "# words"; or "Fatal JavaScript out of memory: …".
std::optional<std::string> fatal_of(std::span<const std::string> lines) {
  constexpr std::string_view mark = "# Fatal error in ";
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::string& line = lines[index];
    if (line.starts_with(mark)) {
      const std::string words = index + 1 < lines.size() ? plain_words(lines[index + 1]) : "";
      return fmt::format("fatal error at {}: {}", source_place(line.substr(mark.size())), words);
    }
    for (const std::string_view other : {"Fatal JavaScript ", "Fatal process ", "FATAL ERROR: "}) {
      if (const std::size_t at = line.find(other); at != line.npos) {
        return plain_words(std::string_view(line).substr(at));
      }
    }
  }
  return std::nullopt;
}

std::string signal_name(int number) {
  switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGABRT: return "SIGABRT";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGFPE: return "SIGFPE";
    case SIGTRAP: return "SIGTRAP";
    case SIGKILL: return "SIGKILL";
    default: return fmt::format("signal {}", number);
  }
}

std::string what_must_come(const Verdict& verdict) {
  return verdict.expected == wasm::End::returns ? std::string("0")
                                                : std::string(word_of(came_for(verdict.expected)));
}

// Names the end that came instead, with or without its number.
std::string what_came(const Verdict& verdict, bool with_numbers) {
  if (verdict.came == Came::returned) {
    if (with_numbers) return fmt::format("returned {}", verdict.number);
    return verdict.expected == wasm::End::returns ? "another number" : "a return";
  }
  if (verdict.came != Came::another_trap) return std::string(word_of(verdict.came));
  return with_numbers ? verdict.message : "trap: " + plain_words(verdict.message);
}

bool has_place(std::string_view cause) {
  return cause.starts_with("panic at ") || cause.starts_with("fatal error at ");
}

std::string where(const Verdict& verdict) {
  if (!verdict.is_in_call) return "before a call";
  return fmt::format("expected {}", what_must_come(verdict));
}

}  // namespace

std::string_view word_of(Came came) {
  switch (came) {
    case Came::returned: return "a return";
    case Came::unreachable: return "unreachable";
    case Came::unhandled_tag: return "unhandled tag";
    case Came::consumed_handle: return "consumed handle";
    case Came::null_reference: return "null reference";
    case Came::stack_overflow: return "stack overflow";
    case Came::exception: return "exception";
    case Came::another_trap: break;
  }
  return "another trap";
}

Came came_for(wasm::End end) {
  switch (end) {
    case wasm::End::returns: return Came::returned;
    case wasm::End::unreachable: return Came::unreachable;
    case wasm::End::unhandled_tag: return Came::unhandled_tag;
    case wasm::End::consumed_handle: return Came::consumed_handle;
    case wasm::End::null_handle:
    case wasm::End::null_function: return Came::null_reference;
    case wasm::End::stack_overflow: return Came::stack_overflow;
    case wasm::End::uncaught_exception: break;
  }
  return Came::exception;
}

Came trap_of(std::string_view message) {
  for (const auto& [words, came] : known_messages) {
    if (message.find(words) != message.npos) return came;
  }
  return Came::another_trap;
}

std::string signature(const Verdict& verdict) {
  using enum Verdict::Kind;
  switch (verdict.kind) {
    case agrees:
    case not_run: return {};
    case wrong: return fmt::format("{}, got {}", where(verdict), what_came(verdict, false));
    case refused: return "refused: " + plain_words(verdict.message);
    case crash:
      // A place in the engine's source says what is wrong there, whatever the call was for.
      if (has_place(verdict.message)) return "crash: " + verdict.message;
      return fmt::format("{}, got crash: {}", where(verdict), verdict.message);
    case hang: return fmt::format("{}, got hang", where(verdict));
    case out_of_memory: break;
  }
  return fmt::format("{}, got out of memory", where(verdict));
}

std::string describe(const Verdict& verdict) {
  using enum Verdict::Kind;
  if (verdict.kind == agrees) return "agrees";
  if (verdict.kind == not_run) return "not run: " + verdict.message;
  std::string text = verdict.kind == wrong
                         ? fmt::format("{}, got {}", where(verdict), what_came(verdict, true))
                     : verdict.kind == refused ? "refused: " + verdict.message
                                               : signature(verdict);
  if (verdict.is_in_call) text += fmt::format(" (call {})", verdict.part + 1);
  if (verdict.is_seen_once) {
    text += ", seen once and not again";
  } else if (verdict.is_only_in_batch) {
    text += fmt::format(", only in a batch, behind {} other{}", verdict.batch.size(),
                        verdict.batch.size() == 1 ? "" : "s");
  }
  return text;
}

std::string folder_name(std::string_view signature) {
  constexpr std::size_t letters_max = 72;
  std::string name;
  std::uint32_t hash = 2166136261U;  // FNV-1a: names that are cut stay apart
  for (const char letter : signature) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
    const bool is_capital = letter >= 'A' && letter <= 'Z';
    const bool is_plain = is_capital || is_digit(letter) || (letter >= 'a' && letter <= 'z');
    if (is_plain) {
      name += static_cast<char>(is_capital ? letter - 'A' + 'a' : letter);
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.size() > letters_max) {
    name.resize(letters_max);
    name += fmt::format("-{:08x}", hash);
  }
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string cause_of_crash(std::span<const std::string> lines, int exit_code) {
  if (const auto panic = panic_of(lines)) return *panic;
  if (const auto fatal = fatal_of(lines)) return *fatal;
  if (exit_code > signalled) return signal_name(exit_code - signalled);
  // The last line of an error that the program itself tells of.
  for (std::size_t left = lines.size(); left > 0; --left) {
    if (lines[left - 1].find_first_not_of(" \t") == std::string::npos) continue;
    return fmt::format("exit status {}: {}", exit_code, plain_words(lines[left - 1]));
  }
  return fmt::format("exit status {}", exit_code);
}

std::string plain_words(std::string_view text) {
  constexpr std::size_t letters_max = 200;
  std::string plain;
  while (!text.empty()) {
    const bool is_hexadecimal = text.starts_with("0x");
    const std::string_view digits = is_hexadecimal ? "0123456789abcdefx" : "0123456789";
    const std::size_t number = std::min(text.find_first_not_of(digits), text.size());
    const char letter = text.front();
    if (number > 0) {
      plain += 'N';
    } else if (static_cast<unsigned char>(letter) <= ' ') {
      if (!plain.empty() && plain.back() != ' ') plain += ' ';
    } else if (letter != '#' || !plain.empty()) {
      plain += letter;
    }
    text.remove_prefix(std::max(number, std::size_t{1}));
  }
  if (plain.size() > letters_max)
    plain.resize(std::min(plain.rfind(' ', letters_max), letters_max));
  while (plain.ends_with(' ')) plain.pop_back();
  return plain;
}

}  // namespace fiberproof::fuzz::engine
