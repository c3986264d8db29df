// Fuzz target `instruction`: step() beside this CPU. An input is one instruction with the state
// that it starts in, whatever its bytes (byte_case.hpp). All of them run in this process, whose
// signal handler catches faults.
#include "verify/silicon/cosimulation.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>

namespace {

using fiberproof::verify::Cosimulation;
using fiberproof::verify::NativeCpu;

Cosimulation& cosimulation() {
  static Cosimulation instance = [] {
    auto cpu = NativeCpu::create();
    if (!cpu) {
      fmt::print(stderr, "instruction: no instruction can be run here: {}\n", cpu.error());
      std::exit(2);
    }
    return Cosimulation(std::move(*cpu), 0);
  }();
  return instance;
}

// The input with no bytes that a terminal or a mail would change.
std::string replay_line(std::span<const std::byte> input) {
  std::string octal;
  for (const std::byte byte : input) {
    octal += fmt::format("\\{:03o}", std::to_integer<unsigned>(byte));
  }
  return fmt::format("printf '{}' > CASE && instruction_replay CASE", octal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  if (const auto mismatch = cosimulation().run_bytes(input)) {
    fmt::print(stderr, "the model and this CPU differ: {}  to replay: {}\n", message(*mismatch),
               replay_line(input));
    std::abort();
  }
  return 0;
}
