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

std::string markdown_table(std::span<const TableRow> rows, const std::vector<std::string>& more) {
  std::string text = "| change | proof | target | refuted by | found by |";
  for (const std::string& title : more) text += " " + title + " |";
  text += "\n| --- | --- | --- | --- | --- |";
  for (std::size_t column = 0; column < more.size(); ++column) text += " --- |";
  text += '\n';
  for (const TableRow& row : rows) {
    const char* const unrefuted = row.is_stopped ? "stops" : "no";
    text += fmt::format("| {} | {} | {} | {} | {} |", cell(row.change),
                        row.is_refuted ? "yes" : unrefuted, row.is_found ? "yes" : "no",
                        cell(row.refuted_by), cell(row.found_by));
    for (const std::string& entry : row.more) text += " " + cell(entry) + " |";
    text += '\n';
  }
  return text;
}

}  // namespace fiberproof::verify
