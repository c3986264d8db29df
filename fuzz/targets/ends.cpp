// Fuzz target `ends`: programs that end the process, each in a child of a server that was forked
// early. What the child must say and how it must die is predicted by the reference (C8, C3). A
// program that ends nothing is run in a child as `program` runs it, once.
#include "fuzz/generate/ends_profile.hpp"
#include "fuzz/generate/mutator.hpp"
#include "fuzz/oracle/end_oracle.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/replay/end_run.hpp"
#include "fuzz/replay/fork_server.hpp"
#include "fuzz/run/seen.hpp"
#include "fuzz/targets/target.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace {

using namespace fiberproof::fuzz;

constexpr Generator* generate = &generate_ends;
constexpr unsigned seconds_max = 10;
constexpr int violated_status = 3;
// Beyond it a run is too slow to keep its input.
constexpr std::uint64_t kept_work_max = 64;

[[noreturn]] void report_and_exit(const Finding& finding) {
  std::fputs(report_text(finding).c_str(), stderr);
  std::fflush(stderr);
  ::_exit(violated_status);
}

/// The first run and the first exception make what later ones share: no child makes it again. They
/// leave no trace that a program could see.
bool prepare_server() {
  static const Program nothing{};
  try {
    throw BodyException(0);
  } catch (const BodyException&) {
  }
  return leave_faults_to_core() && run(nothing, &report_and_exit).steps == 0;
}

void run_in_child_of_server(const Program& program) {
  run_on_its_thread(program, &report_and_exit);
}

/// The server of this process: one that was forked from it has another.
ForkServer& server() {
  static std::optional<ForkServer> started;
  static pid_t starter = -1;
  if (starter != ::getpid()) {
    starter = ::getpid();
    started.reset();
    auto made = ForkServer::start(&prepare_server, &run_in_child_of_server, seconds_max);
    if (!made) {
      fmt::print(stderr, "fiberproof: no process can be made for programs: {}\n", made.error());
      std::exit(2);
    }
    started.emplace(std::move(*made));
  }
  return *started;
}

[[noreturn]] void report_and_abort(const std::string& what, const Program& program,
                                   const std::string& said) {
  fmt::print(stderr,
             "fiberproof: {}\n"
             "  at the end of the program between the lines\n"
             "--------\n{}--------\n"
             "  to replay: write the program to FILE and run `fiberproof replay FILE`\n"
             "  what the process said:\n{}",
             what, print(program), said);
  std::fflush(stderr);
  std::abort();
}

/// A program that ends nothing ends with status 0, and its run says nothing.
void judge_run(const ServedEnd& end, const Program& program) {
  if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) {
    return;
  }
  if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == violated_status) {
    std::fputs(end.said.c_str(), stderr);
    std::abort();
  }
  report_and_abort(fmt::format("the process {}", death_of(end.status, seconds_max)), program,
                   end.said + "\nSUMMARY: fiberproof: unexpected-death\n");
}

int run_ends(std::span<const std::uint8_t> input) {
  ForkServer& forks = server();
  record_input(input);
  static Program program;
  if (!make_program(input, generate, program)) {
    return not_kept();
  }
  const Prediction prediction = predict(program);
  const auto end = forks.run(program);
  if (!end) {
    fmt::print(stderr, "fiberproof: {}\n", end.error());
    std::exit(2);
  }
  const bool is_violated = WIFEXITED(end->status) && WEXITSTATUS(end->status) == violated_status;
  if (!prediction.end || is_violated) {
    judge_run(*end, program);
  } else if (const auto fault = oracle::end_fault(*prediction.end, end->status, end->said)) {
    report_and_abort(fmt::format("{} violated: {}", name_of(fault->id), fault->sentence), program,
                     end->said);
  }
  return prediction.work > kept_work_max ? not_kept() : 0;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  start_target(*argument_count, *arguments);
  server();  // Now, while the engine has not made its tables: a fork copies the page tables of all.
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return run_ends({data, size});
}

extern "C" Generator* fiberproof_target_generator() {
  return generate;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned int seed) {
  return mutate_input_of_ends(data, size, size_max, seed);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* child,
                                                 std::size_t size_max, unsigned int seed) {
  return cross_over_inputs_of_ends({first, first_size}, {second, second_size}, {child, size_max},
                                   seed);
}
