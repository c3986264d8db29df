// Texts that are compiled into the command: contracts, expected theorems, lists of clauses that no
// mutant breaks and of mutants that no fuzz target kills, the fuzz dictionary, and the rules of the
// specification. CMake fills them in from the files that they name.
#pragma once

#include <span>
#include <string_view>

namespace fiberproof::verify {

struct EmbeddedText {
  std::string_view path;  ///< relative to the project's top folder
  std::string_view text;
};

std::span<const EmbeddedText> embedded_contracts();
EmbeddedText embedded_proofs();
EmbeddedText embedded_unbroken();
EmbeddedText embedded_survivors();
EmbeddedText embedded_dictionary();  ///< the words of a Program, for a fuzzer
EmbeddedText embedded_spec();
EmbeddedText embedded_wasmtime_offsets();  ///< of the records around a switch

}  // namespace fiberproof::verify
