// The name of the signal that a fuzz target dies by, which an engine's report leaves out: libFuzzer
// says "deadly signal" of each. crash_kind.hpp reads it.
#pragma once

#include <string_view>

namespace fiberproof::fuzz {

/// The beginning of the line; the name of the signal, as SIGILL, follows.
inline constexpr std::string_view death_signal_mark = "fiberproof: dies by ";

/// Puts a handler before each that is installed for a signal of a crash: it writes the line to
/// standard error, and then calls the one that was there. A signal without a handler keeps its
/// default action, whose wait status has the number. To be called once, when the engine and the
/// sanitizer have installed theirs.
void name_death_signals();

}  // namespace fiberproof::fuzz
