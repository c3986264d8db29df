// Finds the symbol that somebody means: by the name as the file has it, by what its mangled name
// stands for, or by the end of that. Never a guess: of several, all are told.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct MeantSymbols {
  std::vector<std::string> symbols;  // as the files have them, each once; several are ambiguous
  bool is_exact = false;             // the name itself is one of the files'
};

/// All files are looked through, such as the members of an archive. Two names of one function, as
/// constructors have, are one symbol.
MeantSymbols symbols_meant(std::span<const ObjectFile> files, std::string_view name);

/// Names of functions that are nearly `name`, the nearest first, as one would type them.
std::vector<std::string> near_names(std::span<const ObjectFile> files, std::string_view name,
                                    std::size_t count_max);

/// Nearly the same text: few letters differ, or only their case, or one is part of the other.
/// Smaller is nearer; nothing where they are far from each other.
std::optional<std::size_t> distance(std::string_view one, std::string_view other);

struct FunctionList {
  std::size_t count = 0;
  std::vector<std::string> names;  // the first ones
};

/// The functions that the files define, as one would type them.
FunctionList functions_of(std::span<const ObjectFile> files, std::size_t names_max);

}  // namespace fiberproof::verify
