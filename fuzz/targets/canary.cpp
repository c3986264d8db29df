// Fuzz target `canary`: what `program` runs, with a bug planted on the way: where a suspended chain
// of two stacks or more is resumed with a value, a bit of the first one changes (C5). A fuzzer that
// does not find that within seconds has gone blind; nothing else is to be learnt from this target.
#include "fuzz/generate/generate.hpp"
#include "fuzz/targets/target.hpp"

namespace {

constexpr fiberproof::fuzz::Generator* generate = &fiberproof::fuzz::generate_program;

/// The planted bug. It takes two continuations, one started by the other, a suspension through both
/// and a handler for it outside of them, and a resume of the chain that hands in a value.
void corrupt_in_transit(fiberproof::Handle resumed, std::span<fiberproof::Value> values) {
  if (resumed.record == nullptr || resumed.record->revision != resumed.revision) {
    return;
  }
  const fiberproof::Continuation& innermost = *resumed.record;
  const bool is_chain = innermost.last_ancestor != &innermost;
  if (innermost.state == fiberproof::State::suspended && is_chain && !values.empty()) {
    values.front().high ^= 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  fiberproof::fuzz::start_target(*argument_count, *arguments);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fiberproof::fuzz::run_input({data, size}, generate, {.on_resume = &corrupt_in_transit});
}

extern "C" fiberproof::fuzz::Generator* fiberproof_target_generator() {
  return generate;
}
