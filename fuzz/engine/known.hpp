// Known disagreements: a list of kinds that engines are known to get wrong, with whose fault it is.
//
//   # NAME         | ENGINE    | VERSIONS       | SIGNATURE           | WITH   | LEDGER
//   trap-swallowed | wasmtime* | 44.0.0..47.0.3 | expected *, got a * | any    | project, issue 1
//   lost           | v8*       | *              | expected 0, got *   | switch | project, issue 2
//
// `*` stands for any letters. Versions are one, or the first and the last, or * for all. WITH is
// what a program must have, so that nothing else is taken for known: `any`, or some of switch,
// reference, bind, exception, collection, entry.
#pragma once

#include "fuzz/wasm/translation.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz::engine {

struct KnownDisagreement {
  std::string name;
  std::string engine;     ///< a pattern of the engine's name
  std::string first;      ///< version; empty for any
  std::string last;       ///< likewise
  std::string signature;  ///< a pattern of the signature (verdict.hpp)
  wasm::Contents with;    ///< the program has these; the numbers mean nothing
  std::string ledger;     ///< where it is reported
};

/// Reads a list that came from the file `path`. The error is one line that names file and line.
[[nodiscard]] std::expected<std::vector<KnownDisagreement>, std::string> parse_known(
    std::string_view text, const std::string& path);

/// The first of `list` that is meant by this disagreement; null for a new one.
const KnownDisagreement* find_known(const std::vector<KnownDisagreement>& list,
                                    std::string_view engine, std::string_view version,
                                    std::string_view signature, const wasm::Contents& contents);

/// Whether `text` is as `pattern`, in which `*` stands for any letters.
bool matches(std::string_view pattern, std::string_view text);

/// Whether version `a` is before `b`, number by number: 44.0.9 is before 44.0.10.
bool is_before(std::string_view a, std::string_view b);

}  // namespace fiberproof::fuzz::engine
