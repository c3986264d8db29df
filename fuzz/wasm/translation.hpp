// A Program as WebAssembly: modules that check themselves, and how each call of them must end.
//
// The run of the program on the reference decides what the modules do: each continuation becomes a
// function with exactly the types that occur, and everything that arrives in it is checked. What a
// Wasm engine cannot be asked (odd stacks, walks, misuse) is left out, and said.
#pragma once

#include "fuzz/program/program.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::wasm {

/// The end of a call of an export.
enum class End : std::uint8_t {
  returns,             ///< 0, or the number of the first step that saw something else than it must
  unreachable,         ///< trap: the instruction unreachable
  unhandled_tag,       ///< trap: no handler of a suspension or switch
  consumed_handle,     ///< trap: a continuation that was used before
  null_handle,         ///< trap: a null continuation reference
  null_function,       ///< trap: cont.new of a null function reference
  stack_overflow,      ///< trap
  uncaught_exception,  ///< a Wasm exception leaves the export
};
inline constexpr std::size_t ends = static_cast<std::size_t>(End::uncaught_exception) + 1;

/// As in messages and batches: "returns", "unhandled tag", …
std::string_view word_of(End end);

/// A module: `bytes` in the binary format, the same as text for people.
struct Module {
  std::string name;  ///< under which later ones import from it
  std::vector<std::uint8_t> bytes;
  std::string text;  ///< empty unless asked for
  /// The same for every program with the same options: one instance may serve many programs.
  bool is_shared = false;
};

/// A call of an export of the last module, of type [] -> [i32]. Where it returns, it returns 0.
struct Part {
  std::string name;
  End end = End::returns;
};

/// The contents of a run, for the shares that a user is told.
struct Contents {
  bool switches = false;     ///< a switch was taken
  bool references = false;   ///< a value of a reference type was passed
  bool binds = false;        ///< a bind was taken
  bool exceptions = false;   ///< an exception was thrown
  bool collections = false;  ///< garbage is made, enough for a collector to run
  bool enters = false;       ///< the host calls an export while another runs
  std::size_t continuations = 0;
  std::size_t steps = 0;  ///< taken; 0 where an engine can be asked nothing
};

struct Translation {
  std::vector<Module> modules;  ///< in the order of instantiation
  std::vector<Part> parts;      ///< in the order in which they are called, once each
  /// Kinds of steps that the modules leave out, each once, with the reason: "walk: an engine has
  /// walks of its own".
  std::vector<std::string> left_out;
  Contents contents;
};

/// Wrong translations: the tests of the tests, each of which an engine must show to be wrong.
enum class Mistranslation : std::uint8_t {
  none,
  swapped_arguments,    ///< the first two values of a resume change places
  wrong_results,        ///< a return hands over values of another step
  wrong_payload,        ///< so does a suspend
  wrong_switch_values,  ///< so does a switch
  forgotten_bind,       ///< a bind hands over values of no step
  wrong_tag,            ///< a suspend names another tag of the same type
  wrong_clause,         ///< a clause before the one to be taken takes the suspension
  forgotten_clause,     ///< a resume has no clause for the suspension
  forgotten_switch_clause,
  wrong_slot,        ///< the handle of a suspension is kept where another is looked for
  forgotten_handle,  ///< it is not kept
  wrong_function,    ///< a continuation is made of another function of its type
  short_loop,        ///< a loop goes around once less
  wrong_exception,   ///< a throw throws the exception of another step
  forgotten_catch,   ///< a try catches nothing
  wrong_rethrow,     ///< a rethrow throws an exception of its own
  resume_for_throw,  ///< a throw-into resumes
  forgotten_call,    ///< what is in a call is left out
  forgotten_entry,   ///< an entry is not opened
  forgotten_trap,    ///< a step that must trap is left out
  wrong_end,         ///< another trap is said to come
};
inline constexpr std::size_t mistranslations =
    static_cast<std::size_t>(Mistranslation::wrong_end) + 1;

struct TranslationOptions {
  /// Imports of module "host", which a JavaScript host can give: `enter` of type [i32] -> [], which
  /// calls the export "entry" with the number as its argument, and `collect` of type [] -> [],
  /// which runs a collector. Without them `enter` cuts the run, and `collect` makes garbage alone.
  bool has_host = false;
  bool with_text = false;
  Mistranslation mistranslation = Mistranslation::none;
};

/// `program` is valid. Every program has a translation; the least is one of a run without steps.
Translation translate(const Program& program, const TranslationOptions& options = {});

}  // namespace fiberproof::fuzz::wasm
