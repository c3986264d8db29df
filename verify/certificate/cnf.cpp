#include "verify/certificate/cnf.hpp"

#include <fmt/format.h>
#include <iterator>

namespace fiberproof::verify {

std::string Cnf::to_dimacs() const {
  std::string text = fmt::format("p cnf {} {}\n", variables_, size());
  text.reserve(text.size() + 8 * literals_.size());
  for (std::size_t index = 0; index < size(); ++index) {
    for (const Literal literal : (*this)[index]) {
      if (literal.is_negated()) text += '-';
      const fmt::format_int number(literal.variable());
      text.append(number.data(), number.size());
      text += ' ';
    }
    text += "0\n";
  }
  return text;
}

}  // namespace fiberproof::verify
