// The server that forks a child for each program: what a child says and how it ends is told, and no
// child leaves anything to the next.
#include "fuzz/replay/fork_server.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace fiberproof::fuzz {
namespace {

int runs = 0;

/// Does what the number of tags says.
void act(const Program& program) {
  ++runs;
  std::fprintf(stderr, "run %d of %zu steps\n", runs, program.steps.size());
  std::fflush(stderr);
  switch (program.tags) {
    case 1: return;
    case 2: std::raise(SIGSEGV); return;
    case 3: ::_exit(7);
    default: ::pause();
  }
}

ForkServer start(unsigned seconds_max) {
  auto server = ForkServer::start([] { return true; }, &act, seconds_max);
  EXPECT_TRUE(server) << server.error();
  return std::move(*server);
}

ServedEnd run(ForkServer& server, std::uint8_t tags, std::size_t steps) {
  Program program;
  program.tags = tags;
  while (program.steps.size() < steps) {
    program.steps.push_back({});
  }
  const auto end = server.run(program);
  EXPECT_TRUE(end) << end.error();
  return end.value_or(ServedEnd{});
}

TEST(fork_server, tells_what_a_child_said_and_how_it_ended) {
  ForkServer server = start(20);
  for (std::size_t steps = 0; steps < 10; ++steps) {
    const ServedEnd lived = run(server, 1, steps);
    EXPECT_TRUE(WIFEXITED(lived.status) && WEXITSTATUS(lived.status) == 0);
    EXPECT_EQ(lived.said, "run 1 of " + std::to_string(steps) + " steps\n");
    const ServedEnd died = run(server, 2, steps);
    EXPECT_TRUE(WIFSIGNALED(died.status) && WTERMSIG(died.status) == SIGSEGV);
    EXPECT_EQ(WEXITSTATUS(run(server, 3, steps).status), 7);
  }
  EXPECT_EQ(runs, 0);
}

TEST(fork_server, ends_a_child_that_does_not) {
  ForkServer server = start(1);
  const ServedEnd killed = run(server, 4, 0);
  EXPECT_TRUE(WIFSIGNALED(killed.status) && WTERMSIG(killed.status) == SIGALRM);
  EXPECT_EQ(run(server, 1, 3).said, "run 1 of 3 steps\n");
}

TEST(fork_server, that_cannot_prepare_says_so) {
  auto server = ForkServer::start([] { return false; }, &act, 1);
  ASSERT_TRUE(server);
  EXPECT_FALSE(server->run(Program{}));
}

}  // namespace
}  // namespace fiberproof::fuzz
