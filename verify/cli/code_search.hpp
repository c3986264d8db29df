// What somebody who proves code of another build leaves to this program: where its switches and its
// entry trampoline are, and which variant of the trampoline it has.
#pragma once

#include "verify/cli/foreign_code.hpp"
#include "verify/cli/module_operations.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/survey/survey.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct CodeSearch {
  Survey survey;
  std::vector<std::string> operations;  ///< in lines, for a module of an engine
  std::size_t file = 0;                 ///< the member of the archive that it is about
  /// Whether Cranelift made the code: it keeps nothing in a register over a switch.
  bool is_of_cranelift = false;
};

/// Searches the file if `code` leaves the switches or the trampoline to it, and fills them in;
/// nothing if it does not. An error says what to type.
[[nodiscard]] std::expected<std::optional<CodeSearch>, std::string> search_code(
    const ObjectArchive& file, ForeignCode& code);

/// Fills in the variant whose rules the trampoline keeps, if it was not given: the first one whose
/// theorems come out as expected. If none does, it stays the newest one.
void choose_variant(const std::vector<Contract>& contracts,
                    const std::vector<ExpectedTheorem>& expected, const ObjectArchive& file,
                    std::chrono::milliseconds time_limit, ForeignCode& code);

}  // namespace fiberproof::verify
