// Fuzz target `program`: programs of operations on continuations, of any nesting, against the
// reference (C1 to C8), with what they stand on: layouts, switches, starts and ends.
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
  return fiberproof::fuzz::run_input({data, size}, generate);
}

extern "C" fiberproof::fuzz::Generator* fiberproof_target_generator() {
  return generate;
}
