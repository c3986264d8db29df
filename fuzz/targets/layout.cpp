// Fuzz target `layout`: what `initialize` writes and refuses (L1 to L8).
#include "fuzz/generate/start_profiles.hpp"
#include "fuzz/targets/target.hpp"

namespace {

constexpr fiberproof::fuzz::Generator* generate = &fiberproof::fuzz::generate_layouts;

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
