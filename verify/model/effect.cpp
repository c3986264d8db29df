#include "verify/model/effect.hpp"

#include <fmt/format.h>
#include <array>

namespace fiberproof::verify::model {

std::string describe(const Mutant& mutant) {
  constexpr std::array instead{"", "0", "6", "one more", "one less", "the active stack"};
  if (mutant.instead != Mutant::Instead::nothing) {
    return fmt::format("{} with {} written to {}, number {}", name_of(mutant.kind),
                       instead[static_cast<std::size_t>(mutant.instead)], mutant.what,
                       mutant.number + 1);
  }
  const char* what =
      mutant.dropped == Mutant::Dropped::write ? "its write of" : "the condition that";
  const std::string number =
      mutant.number == 0 ? "" : fmt::format(", number {}", mutant.number + 1);
  return fmt::format("{} without {} {}{}", name_of(mutant.kind), what, mutant.what, number);
}

}  // namespace fiberproof::verify::model
