#include "fuzz/explain/explain.hpp"

#include "fuzz/explain/stack_drawing.hpp"
#include "fuzz/explain/story.hpp"
#include "fuzz/replay/child_process.hpp"
#include "fuzz/run/run.hpp"
#include "fuzz/run/stack_snapshot.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <new>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned seconds_max = 120;

/// What a child leaves in memory that it shares with its parent: it stays, however the child dies.
struct Seen {
  StackSnapshot snapshot;
  std::optional<Violation> violation;
  std::uint64_t violated_at = 0;  ///< number of the step
  Outcome outcome;
  bool ended = false;
};

struct Unmap {
  void operator()(Seen* seen) const { ::munmap(seen, sizeof *seen); }
};
using SharedSeen = std::unique_ptr<Seen, Unmap>;

SharedSeen share() {
  void* const memory =
      ::mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return SharedSeen(memory == MAP_FAILED ? nullptr : new (memory) Seen);
}

Seen* seen_by_child = nullptr;

[[noreturn]] void note_violation(const Finding& finding) {
  seen_by_child->violation = finding.violation;
  seen_by_child->violated_at = finding.number;
  ::_exit(0);
}

/// How the run ended, in a line. The literals of a violation are at the same place in parent and
/// child.
std::string run_natively(const Program& program, Seen& seen) {
  const auto end = run_in_child(seconds_max, [&program, &seen](int) {
    seen_by_child = &seen;
    keep_snapshots_in(&seen.snapshot);
    seen.outcome = run(program, [](const Finding& finding) { note_violation(finding); });
    seen.ended = true;
  });
  if (!end) {
    return fmt::format("could not be run: {}", end.error());
  }
  if (seen.violation) {
    return fmt::format("violates {} in step {}: {}", name_of(seen.violation->id), seen.violated_at,
                       sentence_of(*seen.violation));
  }
  if (!seen.ended) {
    return fmt::format("{}, after step {} had begun", death_of(end->status, seconds_max),
                       seen.snapshot.begun);
  }
  return fmt::format(
      "no rule is violated, {}, {}{}", counted(seen.outcome.steps, "step"),
      counted(seen.outcome.continuations, "continuation"),
      seen.outcome.trap_reported_as_return ? "; a trap was reported as a return" : "");
}

std::string drawing(const Seen& seen, const Story& story) {
  if (seen.snapshot.step != 0) {
    return draw(seen.snapshot, seen.violation);
  }
  if (story.stack) {
    return "  Nothing was seen of it. As the specification has it:\n" + draw(*story.stack);
  }
  return "  No continuation takes a step.\n";
}

}  // namespace

std::string explain(const Program& program) {
  const SharedSeen shared = share();
  const auto unseen = std::make_unique<Seen>();
  Seen& seen = shared ? *shared : *unseen;
  const std::string ending = shared ? run_natively(program, seen) : "could not be run: no memory";
  Story story(seen.violation ? std::optional(seen.violated_at) : std::nullopt);
  tell(program, story);
  if (seen.violation) {
    story.tell(
        fmt::format("    {} is violated here, and the run ends", name_of(seen.violation->id)));
  }
  return fmt::format(
      "== the program\n{}\n== what happens, by the specification; * runs, (…) waits\n{}\n"
      "== run natively\n{}\n\n== the stack that took the last step\n{}",
      print(program), story.text(), ending, drawing(seen, story));
}

}  // namespace fiberproof::fuzz
