#include "verify/mutation/table.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

// A change may have `||` in it, which would end a cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '|') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

}  // namespace

std::string markdown_table(std::span<const TableRow> rows) {
  std::string text =
      "| change | proof | target | refuted by | found by |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const TableRow& row : rows) {
    text +=
        fmt::format("| {} | {} | {} | {} | {} |\n", cell(row.change), row.is_refuted ? "yes" : "no",
                    row.is_found ? "yes" : "no", cell(row.refuted_by), cell(row.found_by));
  }
  return text;
}

}  // namespace fiberproof::verify
