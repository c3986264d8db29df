#include "verify/mutation/cpp/survivors.hpp"

#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {

std::expected<SurvivingMutants, std::string> parse_surviving_mutants(std::string_view text,
                                                                     std::string_view path) {
  const auto plain = plain_text(text);
  if (!plain) return std::unexpected(fmt::format("{}:{}", path, text_of(plain.error())));
  text = *plain;
  SurvivingMutants survivors;
  SurvivingMutant* last = nullptr;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto error = [&](std::string_view what) {
      return std::unexpected(fmt::format("{}:{}: {}", path, number, what));
    };
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == line.npos || line.starts_with('#')) continue;
    if (indent == 0) {
      if (last != nullptr && last->reason.empty()) return error("the entry above has no reason");
      const auto [entry, is_new] =
          survivors.try_emplace(std::string(line), SurvivingMutant{number, {}});
      if (!is_new) return error("this mutant is listed twice");
      last = &entry->second;
    } else if (last == nullptr) {
      return error("a reason without a mutant above it");
    } else {
      last->reason += last->reason.empty() ? "" : " ";
      last->reason += line.substr(indent);
    }
  }
  if (last != nullptr && last->reason.empty()) {
    return std::unexpected(fmt::format("{}:{}: the entry has no reason", path, last->line));
  }
  return survivors;
}

std::vector<std::string> differences(const SurvivingMutants& listed,
                                     const std::set<std::string>& files,
                                     const std::set<std::string>& made,
                                     const std::set<std::string>& killed,
                                     const std::set<std::string>& survived) {
  std::vector<std::string> lines;
  for (const std::string& key : survived) {
    if (!listed.contains(key)) lines.push_back("survives, and is not listed: " + key);
  }
  for (const auto& [key, entry] : listed) {
    const bool is_of_files = files.contains(key.substr(0, key.find(':')));
    if (is_of_files && !made.contains(key)) {
      lines.push_back(fmt::format("line {}: listed, and made no more: {}", entry.line, key));
    } else if (killed.contains(key)) {
      lines.push_back(fmt::format("line {}: listed, and is killed: {}", entry.line, key));
    }
  }
  return lines;
}

}  // namespace fiberproof::verify
