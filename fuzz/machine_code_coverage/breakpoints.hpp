// Which of a set of instructions a piece of work executes, seen by breakpoints in a copy of this
// process. Each is taken away when it is met, so the work runs at its own speed and sees nothing
// but its own bytes where it looks at what it executed.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <set>
#include <string>

namespace fiberproof::fuzz {

/// Runs `work` in a child process, and follows the processes that it makes in its turn. Returns
/// which of `addresses`, where instructions of this program begin, were executed in any of them; or
/// why that cannot be said: also where `work` returns false, or does not get to its end.
std::expected<std::set<std::uint64_t>, std::string> executed_of(
    const std::set<std::uint64_t>& addresses, const std::function<bool()>& work);

}  // namespace fiberproof::fuzz
