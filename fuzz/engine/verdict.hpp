// The verdict on one program on one engine, and the signature that names each kind of disagreement.
#pragma once

#include "fuzz/wasm/translation.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::engine {

/// The end of a call on an engine, in the classes that engines tell apart: none of them says
/// whether a continuation or a function was null.
enum class Came : std::uint8_t {
  returned,  ///< a number
  unreachable,
  unhandled_tag,
  consumed_handle,
  null_reference,
  stack_overflow,
  exception,
  another_trap,  ///< a message that stands for none of these
};

std::string_view word_of(Came came);

/// The class in which an engine reports this end.
Came came_for(wasm::End end);

/// The trap that an engine's message tells of.
Came trap_of(std::string_view message);

/// The verdict on one program on one engine.
struct Verdict {
  enum class Kind : std::uint8_t {
    agrees,
    wrong,          ///< a part ended in another way than it must
    refused,        ///< a module does not validate, compile or instantiate
    crash,          ///< the engine's process died
    hang,           ///< it did not end in time
    out_of_memory,  ///< it took more memory than it may
    not_run,        ///< the engine could not be started, or the user interrupted
  };
  Kind kind = Kind::not_run;
  bool is_in_call = false;  ///< a part was being called, `expected` is its end
  std::size_t part = 0;     ///< which
  wasm::End expected = wasm::End::returns;
  Came came = Came::returned;           ///< of a wrong answer
  std::int64_t number = 0;              ///< that was returned in place of 0 or of a trap
  std::string message = {};             ///< the engine's, in one line; of a crash, its cause
  bool is_only_in_batch = false;        ///< alone the program agrees
  bool is_seen_once = false;            ///< neither alone nor in its batch it came again
  std::size_t collections = 0;          ///< how often the host had the collector run, if it says so
  std::vector<std::size_t> batch = {};  ///< those before it that it then needs, in their order
};

/// The kind of a disagreement: two of the same cause look the same, numbers that vary left out.
/// Empty for a program that agrees or was not run.
std::string signature(const Verdict& verdict);

/// The same for a person, with the numbers.
std::string describe(const Verdict& verdict);

/// A name for a folder: letters, digits and dashes, unlike for unlike signatures.
std::string folder_name(std::string_view signature);

/// Why a process died, by what it printed and its exit code (128 + n for signal n): a panic's or a
/// fatal error's place and first words, or the signal.
std::string cause_of_crash(std::span<const std::string> lines, int exit_code);

/// `text` with each run of digits as N, cut after some words.
std::string plain_words(std::string_view text);

}  // namespace fiberproof::fuzz::engine
