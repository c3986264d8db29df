#include "verify/mutation/defects/defect.hpp"

#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

constexpr std::array<std::string_view, 4> needed_keys{"Defect", "Class", "Must be refuted",
                                                      "Must crash"};
constexpr std::array<std::string_view, 3> other_keys{"Report", "Must fail", "Compiler"};
constexpr std::string_view none = "none, ";
constexpr std::string_view stops = "stops, ";
constexpr std::string_view gxx = "g++";
constexpr std::string_view without_sanitizers = " without sanitizers";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split_by_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    parts.emplace_back(trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return parts;
}

bool is_key(std::string_view key) {
  const auto is_one_of = [key](const auto& keys) {
    return std::ranges::find(keys, key) != keys.end();
  };
  return is_one_of(needed_keys) || is_one_of(other_keys);
}

using Header = std::multimap<std::string, std::string, std::less<>>;

// The lines before the diff.
std::expected<Header, std::string> parse_header(std::string_view file, std::string_view text) {
  Header header;
  for (std::size_t number = 1; !text.empty() && !text.starts_with("--- "); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(": ");
    const std::string_view key = line.substr(0, colon);
    if (colon == line.npos || !is_key(key)) {
      return std::unexpected(fmt::format("{}:{}: expected one of '{}:', '{}:'", file, number,
                                         fmt::join(needed_keys, ":', '"),
                                         fmt::join(other_keys, ":', '")));
    }
    if (key != "Report" && header.contains(key)) {
      return std::unexpected(fmt::format("{}:{}: a second '{}:'", file, number, key));
    }
    header.emplace(key, trimmed(line.substr(colon + 2)));
  }
  if (text.empty()) return std::unexpected(fmt::format("{}: no diff found", file));
  for (const std::string_view key : needed_keys) {
    if (!header.contains(key)) {
      return std::unexpected(fmt::format("{}: '{}:' is empty or missing", file, key));
    }
  }
  for (const auto& [key, value] : header) {
    if (value.empty())
      return std::unexpected(fmt::format("{}: '{}:' is empty or missing", file, key));
  }
  return header;
}

std::expected<std::vector<Oracle>, std::string> parse_oracles(std::string_view file,
                                                              std::string_view text) {
  std::vector<Oracle> oracles;
  for (const std::string& part : split_by_commas(text)) {
    const std::size_t space = part.find(' ');
    if (space == part.npos) {
      return std::unexpected(fmt::format(
          "{}: 'Must crash:' needs a target and what is violated, not '{}'", file, part));
    }
    std::string violated = part.substr(space + 1);
    const bool is_sanitized = !violated.ends_with(without_sanitizers);
    if (!is_sanitized) violated.resize(violated.size() - without_sanitizers.size());
    oracles.push_back({{part.substr(0, space), is_sanitized}, std::move(violated)});
  }
  return oracles;
}

// Takes the lines that may be missing.
std::expected<void, std::string> take_others(std::string_view file, const Header& header,
                                             Defect& defect) {
  const auto [first, last] = header.equal_range("Report");
  for (auto report = first; report != last; ++report) defect.reports.push_back(report->second);
  if (const auto entry = header.find("Must fail"); entry != header.end()) {
    defect.failures = split_by_commas(entry->second);
  }
  if (const auto entry = header.find("Compiler"); entry != header.end()) {
    if (entry->second != gxx) {
      return std::unexpected(
          fmt::format("{}: 'Compiler:' must be {}, not '{}'", file, gxx, entry->second));
    }
    defect.is_of_gxx = true;
  }
  return {};
}

}  // namespace

std::string BuiltTarget::text() const {
  return is_sanitized ? name : name + std::string(without_sanitizers);
}

std::expected<Defect, std::string> parse_defect(std::string_view name, std::string_view text) {
  const std::string file = fmt::format("{}.patch", name);
  const auto plain = plain_text(text);
  if (!plain) return std::unexpected(fmt::format("{}:{}", file, text_of(plain.error())));
  text = *plain;
  const auto header = parse_header(file, text);
  if (!header) return std::unexpected(header.error());
  Defect defect;
  defect.name = name;
  defect.title = header->find("Defect")->second;
  defect.kind = header->find("Class")->second;
  if (auto taken = take_others(file, *header, defect); !taken) {
    return std::unexpected(taken.error());
  }
  const std::string& theorems = header->find("Must be refuted")->second;
  if (theorems.starts_with(none)) {
    defect.why_not_refuted = theorems.substr(none.size());
  } else if (theorems.starts_with(stops)) {
    defect.stops_proofs = true;
    defect.why_not_refuted = theorems.substr(stops.size());
  } else {
    defect.theorems = split_by_commas(theorems);
  }
  const std::string& crash = header->find("Must crash")->second;
  if (crash.starts_with(none)) {
    defect.why_not_found = crash.substr(none.size());
  } else {
    auto oracles = parse_oracles(file, crash);
    if (!oracles) return std::unexpected(oracles.error());
    defect.oracles = std::move(*oracles);
  }
  defect.patch = text;
  return defect;
}

std::expected<std::vector<Defect>, std::string> read_defects(
    const std::string& folder, const std::vector<std::string>& names) {
  std::vector<filesystem::path> paths;
  std::error_code refused;
  for (const auto& entry : filesystem::directory_iterator(folder, refused)) {
    if (entry.path().extension() == ".patch") paths.push_back(entry.path());
  }
  if (refused) return std::unexpected(fmt::format("{}: {}", folder, refused.message()));
  std::ranges::sort(paths);
  for (const std::string& name : names) {
    const bool is_known = !name.empty() && std::ranges::any_of(paths, [&](const auto& path) {
      return path.filename().string().starts_with(name);
    });
    if (!is_known) return std::unexpected(fmt::format("no defect's name begins with '{}'", name));
  }
  std::vector<Defect> defects;
  for (const filesystem::path& path : paths) {
    const std::string stem = path.stem();
    const bool is_wanted = names.empty() || std::ranges::any_of(names, [&](const auto& name) {
                             return stem.starts_with(name);
                           });
    if (!is_wanted) continue;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto defect = parse_defect(stem, text);
    if (!defect) return std::unexpected(defect.error());
    defects.push_back(std::move(*defect));
  }
  if (defects.empty()) return std::unexpected(fmt::format("{}: there are no patches", folder));
  return defects;
}

}  // namespace fiberproof::verify
