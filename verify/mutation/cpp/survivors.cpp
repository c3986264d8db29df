#include "verify/mutation/cpp/survivors.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

std::vector<std::string> differences(const ListedReasons& listed,
                                     const std::set<std::string>& files,
                                     const std::set<std::string>& made,
                                     const std::set<std::string>& killed,
                                     const std::set<std::string>& survived) {
  std::vector<std::string> lines;
  for (const std::string& key : survived) {
    if (!listed.contains(key)) lines.push_back("survives and is not listed: " + key);
  }
  for (const auto& [key, entry] : listed) {
    const bool is_of_files = files.contains(key.substr(0, key.find(':')));
    if (is_of_files && !made.contains(key)) {
      lines.push_back(
          fmt::format("line {}: stale entry, no such mutant any more: {}", entry.line, key));
    } else if (killed.contains(key)) {
      lines.push_back(
          fmt::format("line {}: listed as a survivor, but killed: {}", entry.line, key));
    }
  }
  return lines;
}

}  // namespace fiberproof::verify
