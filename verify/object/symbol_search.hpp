// Finds the symbol that a person means: by its name in the file, by its demangled name, or by the
// end of that. Never guesses: if several match, it returns all of them.
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
  std::vector<std::string> symbols;  // as the files have them, each once; more than one is
                                     // ambiguous
  bool is_exact = false;             // the typed name itself is a symbol
};

/// Searches all files, such as the members of an archive. Two names of one function, as
/// constructors have, count as one symbol.
MeantSymbols symbols_meant(std::span<const ObjectFile> files, std::string_view name);

/// Names of functions close to `name`, closest first, as a person would type them.
std::vector<std::string> near_names(std::span<const ObjectFile> files, std::string_view name,
                                    std::size_t count_max);

/// How close two texts are: a few letters differ, or only their case, or one is part of the other.
/// Smaller is closer; nothing if they are far apart.
std::optional<std::size_t> distance(std::string_view one, std::string_view other);

struct FunctionList {
  std::size_t count = 0;
  std::vector<std::string> names;  // the first ones
};

/// The functions that the files define, as a person would type them.
FunctionList functions_of(std::span<const ObjectFile> files, std::size_t names_max);

}  // namespace fiberproof::verify
