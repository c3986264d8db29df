// A process that forks a child for each program, so that a program may end its process. Start it
// while this process is small: what a child costs is mostly the page tables that it copies.
//
//   target ── program in shared memory, a byte ──> child ── dies ──> server ── status ──> target
//
// The server keeps two children that wait for a program, so that the fork of one overlaps with the
// run of another. All of them write what they say to one file in memory.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/replay/child_process.hpp"

#include <sys/types.h>
#include <expected>
#include <string>

namespace fiberproof::fuzz {

/// How a program ended in a child.
struct ServedEnd {
  int status = 0;    ///< as waitpid() tells it
  std::string said;  ///< the first 64 KiB of what it wrote to standard error
};

class ForkServer {
 public:
  /// Runs in the child; the child ends with status 0 if it returns.
  using Body = void (*)(const Program& program);
  /// Runs in the server before its first child. False if the server cannot work.
  using Prepare = bool (*)();

  /// The error says what the system has refused.
  [[nodiscard]] static std::expected<ForkServer, std::string> start(Prepare prepare, Body body,
                                                                    unsigned seconds_max);
  ForkServer(ForkServer&& other) noexcept;
  ForkServer& operator=(ForkServer&&) = delete;
  /// Ends the server with its children, in the process that started it.
  ~ForkServer();

  /// Runs `program` in a child, which is killed by SIGALRM after the seconds that the server was
  /// started with. The error says that the server has ended.
  [[nodiscard]] std::expected<ServedEnd, std::string> run(const Program& program);

 private:
  ForkServer() = default;

  pid_t starter_ = -1;
  pid_t server_ = -1;
  int requests_ = -1;          ///< a byte for each program
  int statuses_ = -1;          ///< the status of each child
  int said_ = -1;              ///< the file that children write to
  Program* shared_ = nullptr;  ///< the program that is to be run
};

}  // namespace fiberproof::fuzz
