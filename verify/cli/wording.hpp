// Numbers in sentences.
#pragma once

#include <fmt/format.h>
#include <cstddef>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// `1 program`, `2 programs`.
inline std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace fiberproof::verify
