// Numbers in sentences, and words of commands.
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

/// A word to be typed in a shell: quoted unless every letter of it is harmless.
inline std::string shell_word(std::string_view word) {
  constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=+@%,-";
  if (!word.empty() && word.find_first_not_of(harmless) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char letter : word)
    quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return quoted + "'";
}

}  // namespace fiberproof::verify
