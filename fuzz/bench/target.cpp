// What `bench-fuzz` measures: a target under libFuzzer's own loop, with its feature collection, but
// with a mutator that hands out the fixed inputs of one case in turn. So what the corpus grows to,
// and with it the engine's work, is settled after one round of the inputs.
//
//   fuzz_bench -runs=N -len_control=0 -ignore_remaining_args=1 CASE [FILE|DIR]…
//
// The target answers as in a campaign: of an input that is not to be bred from (-1) the engine
// collects no features, which is part of what it costs.
#include "fuzz/bench/inputs.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/targets/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

fiberproof::fuzz::BenchCase measured;
std::size_t next_input = 0;

[[noreturn]] void cannot_run(std::string_view reason) {
  fmt::print(stderr, "fuzz_bench: {}\n", reason);
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  const std::span all(*arguments, static_cast<std::size_t>(*argument_count));
  const auto last_flag = std::ranges::find(all, std::string_view("-ignore_remaining_args=1"));
  if (all.end() - last_flag < 2) {
    cannot_run("which case?");
  }
  auto made = fiberproof::fuzz::make_bench_case(*(last_flag + 1),
                                                std::vector<std::string>(last_flag + 2, all.end()));
  if (!made) {
    cannot_run(made.error());
  }
  measured = std::move(*made);
  fiberproof::fuzz::start_target(*argument_count, *arguments);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return measured.generator == nullptr
             ? 0
             : fiberproof::fuzz::run_input({data, size}, measured.generator, measured.options);
}

extern "C" FIBERPROOF_UNINSTRUMENTED std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                                                         std::size_t /*size*/,
                                                                         std::size_t size_max,
                                                                         unsigned int /*seed*/) {
  const fiberproof::fuzz::Bytes& input = measured.inputs[next_input];
  next_input = next_input + 1 == measured.inputs.size() ? 0 : next_input + 1;
  const std::size_t size = std::min(input.size(), size_max);
  std::memcpy(data, input.data(), size);
  return size;
}
