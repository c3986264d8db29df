// Something done in a child process, where it may crash or never end.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

struct ChildEnd {
  int status = 0;        ///< as waitpid() tells it
  std::string reported;  ///< what was written to its pipe
  std::string errors;    ///< the first 256 KiB of what it wrote to standard error
};

/// Runs `body` in a child process, with the pipe that it may report through. The child ends with
/// status 0 where `body` returns, and is killed by SIGALRM after `seconds_max`. The error says why
/// there was no child.
[[nodiscard]] std::expected<ChildEnd, std::string> run_in_child(
    unsigned seconds_max, const std::function<void(int pipe)>& body);

/// Ends the child that runs, and lets no other begin: the error of each is `children_ended`. Safe
/// in any thread, and in a signal handler.
void end_children();
inline constexpr std::string_view children_ended = "interrupted";

/// How a child ended that did not end with status 0: "crashed: Aborted".
std::string death_of(int status, unsigned seconds_max);

}  // namespace fiberproof::fuzz
