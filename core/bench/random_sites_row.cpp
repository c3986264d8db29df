#include "core/bench/random_sites_row.hpp"

#include <random>

namespace fiberproof::bench {

const std::array<std::uint8_t, random_order_length>& random_order() {
  static const auto order = [] {
    std::array<std::uint8_t, random_order_length> numbers{};
    std::mt19937 engine(1);  // its output is the same everywhere, a distribution's would not be
    for (std::uint8_t& number : numbers) {
      number = static_cast<std::uint8_t>(engine() % random_sites);
    }
    return numbers;
  }();
  return order;
}

}  // namespace fiberproof::bench
