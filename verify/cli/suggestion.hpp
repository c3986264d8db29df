// "Did you mean": the known name that is closest to a misspelt one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// `; did you mean 'NAME'?` for the closest of `known`, or nothing if none is close: at most a
/// third of the letters differ, or `name` is the beginning of a known one in another case.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace fiberproof::verify
