#include "verify/model/effect.hpp"

#include <fmt/format.h>

namespace fiberproof::verify::model {

std::string describe(const Mutant& mutant) {
  const char* what =
      mutant.dropped == Mutant::Dropped::write ? "its write of" : "the condition that";
  const std::string number =
      mutant.number == 0 ? "" : fmt::format(", number {}", mutant.number + 1);
  return fmt::format("{} without {} {}{}", name_of(mutant.kind), what, mutant.what, number);
}

}  // namespace fiberproof::verify::model
