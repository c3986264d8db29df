// Mutants of C++ text, each with one small change, as a slip of the hand would make it:
//
//   operators    == !=   < <=   > >=   + -   += -=   && ||, each for its partner; ++ for --, or
//                dropped; ! dropped
//   constants    0 for 1 and 1 for 0, others by one more; true for false; State::x for the next
//   conditions   of `if`, negated, where no operator's mutant says the same
//   statements   an expression or assignment away, on one line or over several
//
// Left alone: comments, strings, preprocessor lines, attributes, asm, template arguments,
// declarations except for their initializers, and FIBER_CHECK, which restates an oracle. The
// FIBER_CHECKs are counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct SourceMutant {
  std::string file;        ///< from the project's folder
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< from 1
  std::string what;        ///< "`<` becomes `<=`"
  std::string key;         ///< FILE: LINE'S TEXT: WHAT, N: outlives edits of other lines
  std::size_t begin = 0;   ///< offset of what is replaced
  std::size_t length = 0;
  std::string replacement;

  /// FILE:LINE:COLUMN: WHAT
  std::string name() const;
};

struct SourceMutants {
  std::vector<SourceMutant> mutants;  ///< in the order of the text
  std::size_t checks_left_out = 0;    ///< FIBER_CHECK statements
};

SourceMutants mutants_of(std::string_view file, std::string_view text);

std::string mutated(const SourceMutant& mutant, std::string_view text);

/// A patch that `git apply` takes, with three lines around the change. `text` is the file without.
std::string diff_of(const SourceMutant& mutant, std::string_view text);

}  // namespace fiberproof::verify
