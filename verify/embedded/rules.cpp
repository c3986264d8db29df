#include "verify/embedded/rules.hpp"

#include <sstream>

namespace fiberproof::verify {
namespace {

// The text up to the end of its first sentence, on one line.
std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return text.substr(0, end == std::string::npos ? text.find_last_not_of(" .") + 1 : end);
}

}  // namespace

std::vector<Rule> rules_of(std::string_view spec_text) {
  std::vector<Rule> rules;
  std::istringstream lines{std::string(spec_text)};
  bool in_rule = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("- **")) {
      const std::size_t end = line.find("**", 4);
      rules.push_back({line.substr(4, end - 4), line.substr(std::min(end + 3, line.size()))});
      in_rule = true;
    } else if (in_rule && line.starts_with("  ")) {
      rules.back().title += line.substr(1);
    } else {
      in_rule = false;
    }
  }
  for (Rule& rule : rules) rule.title = first_sentence(rule.title);
  return rules;
}

}  // namespace fiberproof::verify
