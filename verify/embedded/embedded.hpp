// Texts that are part of the command: the contracts, the list of expected theorems, those of
// clauses which no mutant breaks and of mutants that fuzz targets do not kill, the dictionary of
// the fuzz targets, and the rules of the specification. Filled in by CMake from the files that they
// name.
#pragma once

#include <span>
#include <string_view>

namespace fiberproof::verify {

struct EmbeddedText {
  std::string_view path;  ///< from the project's top folder
  std::string_view text;
};

std::span<const EmbeddedText> embedded_contracts();
EmbeddedText embedded_proofs();
EmbeddedText embedded_unbroken();
EmbeddedText embedded_survivors();
EmbeddedText embedded_dictionary();  ///< the words of a Program, for an engine
EmbeddedText embedded_spec();

}  // namespace fiberproof::verify
