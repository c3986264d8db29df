// The version of this program, and the commit that its build was configured at.
#pragma once

#include <string>
#include <string_view>

namespace fiberproof::verify {

/// As in CMakeLists.txt: `0.1.0`.
std::string_view version();

/// The beginning of the commit's name, with `+` behind it where files were changed; empty where the
/// sources were no repository.
std::string_view commit();

/// For people: the program, its commit, and the solver that is linked.
std::string version_text();

}  // namespace fiberproof::verify
