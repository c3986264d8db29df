#include "verify/mutation/listed_reasons.hpp"

#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {

std::expected<ListedReasons, std::string> parse_reasons(std::string_view text,
                                                        std::string_view path) {
  const auto plain = plain_text(text);
  if (!plain) return std::unexpected(fmt::format("{}:{}", path, text_of(plain.error())));
  text = *plain;
  ListedReasons listed;
  ListedReason* last = nullptr;
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
      const auto [entry, is_new] = listed.try_emplace(std::string(line), ListedReason{number, {}});
      if (!is_new) return error("this entry is listed twice");
      last = &entry->second;
    } else if (last == nullptr) {
      return error("a reason without an entry above it");
    } else {
      last->reason += last->reason.empty() ? "" : " ";
      last->reason += line.substr(indent);
    }
  }
  if (last != nullptr && last->reason.empty()) {
    return std::unexpected(fmt::format("{}:{}: the entry has no reason", path, last->line));
  }
  return listed;
}

}  // namespace fiberproof::verify
