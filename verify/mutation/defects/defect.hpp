// A defect: a known bug as a patch to core, whose first lines say what it is and what must notice
// it.
//
//   Defect: S14, store before load in the switch
//   Class: chain and lifetime
//   Report: https://…                            (one line for each; may be missing)
//   Must be refuted: stack_switch/S1             (theorems by the beginning of a name, split by
//                                                 commas, one of which must be refuted;
//                                                 or: none, REASON; or: stops, REASON, where the
//                                                 prover cannot read the code, and says so)
//   Must crash: program C2, walk C6              (fuzz targets, each with what is violated there, a
//                                                 rule or a sanitizer: every run of each must
//                                                 crash, and some of them so; 'program C6 without
//                                                 sanitizers' is of targets built without them, for
//                                                 what only their code does; or: none, REASON)
//   Must fail: walk., corpus seeds/program/      (tests of core and fuzz and Programs of the
//   corpus,
//                                                 by the beginning of a name: of each one must
//                                                 fail; needed where neither a proof nor a target
//                                                 sees it)
//   Compiler: g++                                (what a compiler makes of it is part of the
//   defect:
//                                                 proofs, tests and the corpus are asked of its
//                                                 program, too, as "g++ NAME"; may be missing)
#pragma once

#include <compare>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// A fuzz target, and how it is built.
struct BuiltTarget {
  std::string name;
  bool is_sanitized = true;  ///< with the sanitizers that fuzz targets have

  auto operator<=>(const BuiltTarget&) const = default;
  /// "program", "program without sanitizers".
  std::string text() const;
};

/// What a fuzz target must end with.
struct Oracle {
  BuiltTarget target;
  std::string violated;  ///< a rule's id; a sanitizer's name; or a part of what a death says
};

struct Defect {
  std::string name;   ///< of the file, without .patch
  std::string title;  ///< after the id
  std::string kind;   ///< the class of the bug
  std::vector<std::string> reports;
  std::vector<std::string> theorems;  ///< empty where no proof can notice it
  bool stops_proofs = false;          ///< then, whether the prover must say that it cannot read it
  std::string why_not_refuted;        ///< then, why
  std::vector<Oracle> oracles;        ///< empty where no target can notice it
  std::string why_not_found;          ///< then, why
  std::vector<std::string> failures;  ///< tests and Programs that must fail, by their beginnings
  bool is_of_gxx = false;             ///< a program of g++ is asked as well
  std::string patch;                  ///< the whole file
};

/// Parses the text of core/defects/NAME.patch. An error is one line that names the file and the
/// line, such as a header that is missing, or given twice.
[[nodiscard]] std::expected<Defect, std::string> parse_defect(std::string_view name,
                                                              std::string_view text);

/// Every patch of a folder by name, or those whose names begin with one of `names`; a beginning
/// that no patch has is an error.
[[nodiscard]] std::expected<std::vector<Defect>, std::string> read_defects(
    const std::string& folder, const std::vector<std::string>& names);

}  // namespace fiberproof::verify
