// "Did you mean": the known name that a misspelt one is nearest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// `; did you mean 'NAME'?` for the nearest of `known`, or nothing where none is near: at most a
/// third of the letters differ, or `name` is the beginning of a known one in other letters' case.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace fiberproof::verify
