#include "verify/report/memory_drawing.hpp"

#include "verify/report/html_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace fiberproof::verify {
namespace {

constexpr int letter_width = 9;
constexpr int row_height = 26;
constexpr int gap_height = 18;
constexpr int cell_left = 130;
constexpr int cell_width = 210;
constexpr int baseline = 18;

std::string place_of(const nlohmann::json& row) {
  const auto distance = row.at("distance").get<std::int64_t>();
  const auto size = distance < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(distance)
                                 : static_cast<std::uint64_t>(distance);
  return fmt::format("{} {} {:#x}", row.at("base").get<std::string>(), distance < 0 ? "−" : "+",
                     size);
}

std::string value_of(const nlohmann::json& row) {
  return row.at("value").is_null() ? "any" : row.at("value").get<std::string>();
}

std::uint64_t address_of(const nlohmann::json& row) {
  return std::stoull(row.at("address").get<std::string>(), nullptr, 16);
}

// A word of another region is apart, wherever the solver has put it.
bool is_beside(const nlohmann::json& row, const nlohmann::json& above) {
  return row.at("base") == above.at("base") &&
         address_of(row) + row.at("bytes").get<std::uint64_t>() == address_of(above);
}

std::string label(const char* style, int x, int y, const std::string& text) {
  return fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", style, x, y,
                     html_text(text));
}

std::string note_of(const nlohmann::json& row) {
  std::string note = row.value("slot", "");
  if (row.at("wrong").get<bool>()) note += note.empty() ? "← wrong" : " ← wrong";
  return note;
}

std::string cell(const nlohmann::json& row, int top) {
  const bool is_wrong = row.at("wrong").get<bool>();
  return fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                     is_wrong ? "cell wrong" : "cell", cell_left, top, cell_width, row_height) +
         label("place", cell_left - 8, top + baseline, place_of(row)) +
         label("value", cell_left + 8, top + baseline, value_of(row)) +
         label(is_wrong ? "note wrong" : "note", cell_left + cell_width + 8, top + baseline,
               note_of(row));
}

}  // namespace

std::string memory_drawing(const nlohmann::json& rows) {
  if (rows.empty()) return {};
  std::string cells;
  int top = 2;
  std::size_t letters = 0;
  const nlohmann::json* above = nullptr;
  for (const nlohmann::json& row : rows) {
    if (above != nullptr && !is_beside(row, *above)) top += gap_height;
    cells += cell(row, top);
    top += row_height;
    letters = std::max(letters, note_of(row).size());
    above = &row;
  }
  const int width = cell_left + cell_width + 16 + static_cast<int>(letters) * letter_width;
  return fmt::format(
             "<svg role=\"img\" aria-label=\"Memory, high addresses on top\" viewBox=\"0 0 {} {}\" "
             "width=\"{}\">\n",
             width, top + 2, width) +
         cells + "</svg>\n";
}

}  // namespace fiberproof::verify
