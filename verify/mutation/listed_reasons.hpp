// Lists that are kept by hand: what nothing notices, each with the reason why that is right, or
// what should notice. A key on a line, and below it, indented, the reason; `#` begins a comment.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace fiberproof::verify {

struct ListedReason {
  std::size_t line = 0;  ///< of the list
  std::string reason;
};

using ListedReasons = std::map<std::string, ListedReason>;

/// The error is one line with the place.
[[nodiscard]] std::expected<ListedReasons, std::string> parse_reasons(std::string_view text,
                                                                      std::string_view path);

}  // namespace fiberproof::verify
