// The rules of SPEC.md by id: each is a list item that begins with its id in bold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct Rule {
  std::string id;
  std::string title;  ///< the first sentence
};

/// In the order of the text. A rule's item is `- **L1** …`.
std::vector<Rule> rules_of(std::string_view spec_text);

}  // namespace fiberproof::verify
