// Linked into a program that runs Programs: compares each of its runs with the model, and prints
// how many at the end. A difference is reported like an oracle's, after a story.
#include "verify/refinement/comparison.hpp"

#include <cstdio>
#include <cstdlib>

namespace fiberproof::verify::refinement {
namespace {

Comparison& comparison() {
  static Comparison only;
  return only;
}

void observe(const fuzz::Program& program, const fuzz::RunLog& log, fuzz::FindingHandler* handler) {
  const auto difference = comparison().compare(program, log);
  if (!difference) return;
  static const fuzz::Step none{};
  std::fputs(text(*difference).c_str(), stderr);
  hand_over(handler,
            {{fuzz::SpecId::C2, "the abstract state, against the model's (told above)", 0, 1},
             fuzz::Printable::of(program),
             fuzz::Printable::of(none),
             difference->serial,
             0});
}

void say() {
  std::fputs(text(comparison().tally()).c_str(), stderr);
  std::fprintf(stderr, "  %llu transitions of the model carried out, the others remembered\n",
               static_cast<unsigned long long>(comparison().machine().carried_out()));
}

[[maybe_unused]] const bool is_observing = [] {
  comparison();
  fuzz::observe_runs(&observe);
  return std::atexit(&say) == 0;
}();

}  // namespace
}  // namespace fiberproof::verify::refinement
