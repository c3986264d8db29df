#include "verify/silicon/case_state.hpp"

#include <cstddef>
#include <cstring>

namespace fiberproof::verify {

std::uint64_t place_in_window(const Surroundings& surroundings, Random& random) {
  constexpr std::uint64_t margin_bytes = 64;
  return surroundings.window_address + margin_bytes + random.below(window_bytes - 2 * margin_bytes);
}

std::uint64_t fill_randomly(RandomCase& made, Random& random) {
  const std::uint64_t favourite = random.value();
  const bool alike = random.one_in(3);
  for (std::uint64_t& value : made.state.registers) {
    value = alike && random.one_in(2) ? favourite : random.value();
  }
  const std::uint64_t bits = random.next();
  const auto bit = [&](unsigned number) { return ((bits >> number) & 1) != 0; };
  made.state.flags = {bit(0), bit(1), bit(2), bit(3), bit(4), bit(5)};
  made.state.modes = {(bits >> 8) & mxcsr_bits,
                      ((bits >> 24) & x87_control_bits) | x87_control_always, bit(6)};
  Random contents(random.next());  // one choice: 256 bytes would use up whatever a fuzzer gives
  for (std::size_t at = 0; at < window_bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t value = contents.next();
    std::memcpy(made.window.data() + at, &value, sizeof(value));
  }
  return favourite;
}

}  // namespace fiberproof::verify
