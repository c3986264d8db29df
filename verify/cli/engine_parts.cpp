#include "verify/cli/engine_parts.hpp"

#include "fuzz/generate/generate.hpp"

#include <array>

namespace fiberproof::verify {
namespace {

void generate(fuzz::Random& random, fuzz::Program& program) {
  constexpr std::size_t mutations_max = 8;
  std::array<std::uint8_t, 256> bytes{};
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  fuzz::generate_program(bytes, program);
  for (std::size_t left = random.below(mutations_max); left > 0; --left) {
    fuzz::mutate(program, static_cast<std::uint32_t>(random.next()));
  }
}

}  // namespace

EngineParts engine_parts() {
  return {.translate = {}, .generate = generate};
}

}  // namespace fiberproof::verify
