// The table of what noticed which change, the same for known bugs, C++ mutants and byte mutants.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct TableRow {
  std::string change;
  bool is_refuted = false;  ///< by a theorem
  bool is_found = false;    ///< by a target or another run
  std::string
      refuted_by;  ///< the theorem; else "none", with the reason after a colon if one is known
  std::string found_by;             ///< likewise
  bool is_stopped = false;          ///< the proofs say that they cannot tell
  std::vector<std::string> more{};  ///< cells of the columns that only some tables have
};

/// Markdown. `more` are the titles of columns behind the common ones.
std::string markdown_table(std::span<const TableRow> rows,
                           const std::vector<std::string>& more = {});

}  // namespace fiberproof::verify
