// The common beginning of contracts about the routines of fixture_routines.cpp.
#pragma once

#include <string>
#include <string_view>

namespace fiberproof::verify {

inline constexpr std::string_view preamble = R"(contract fixture
ghost frame, object : word
region frame = [frame - 256, frame + 8)
region object = [object, object + 16)
)";

/// A run of `symbol` on its own frame.
inline std::string entering(const std::string& symbol) {
  return "run it = function " + symbol + "\n  rsp == frame\n";
}

}  // namespace fiberproof::verify
