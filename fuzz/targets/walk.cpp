// Fuzz target `walk`: what `program` runs, and at many points on the way the chains are walked: by
// frame pointers (C6), and by the call frame information, also from every instruction of the entry
// trampoline (T7).
#include "fuzz/generate/generate.hpp"
#include "fuzz/targets/target.hpp"

namespace {

constexpr fiberproof::fuzz::Generator* generate = &fiberproof::fuzz::generate_program;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  fiberproof::fuzz::start_target(*argument_count, *arguments);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fiberproof::fuzz::run_input({data, size}, generate, {.walk_everywhere = true});
}

extern "C" fiberproof::fuzz::Generator* fiberproof_target_generator() {
  return generate;
}
