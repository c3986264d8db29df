#include "verify/certificate/gates.hpp"

#include <algorithm>
#include <tuple>

namespace fiberproof::verify {
namespace {

// Removes the negation of a literal; returns true if there was one.
bool strip(Literal& literal) {
  const bool negated = literal.is_negated();
  if (negated) literal = ~literal;
  return negated;
}

Literal negated_if(bool negated, Literal literal) {
  return negated ? ~literal : literal;
}

}  // namespace

std::size_t Gates::Hash::operator()(const Key& key) const {
  std::uint64_t hash = 0;
  for (const std::uint32_t part : key) hash = (hash ^ part) * 0x9e37'79b9'7f4a'7c15;
  return hash ^ hash >> 32;
}

std::pair<Literal, bool> Gates::output(Kind kind, Literal a, Literal b, Literal c) {
  const Key key{static_cast<std::uint32_t>(kind), a.code(), b.code(), c.code()};
  const auto [entry, is_new] = known_.try_emplace(key);
  if (is_new) entry->second = cnf_.new_variable();
  return {entry->second, is_new};
}

Literal Gates::both(Literal a, Literal b) {
  if (b < a) std::swap(a, b);
  if (a == b || a == true_) return b;
  if (a == ~b || a == ~true_) return ~true_;
  const auto [out, is_new] = output(Kind::both, a, b);
  if (is_new) {
    cnf_.add({~out, a});
    cnf_.add({~out, b});
    cnf_.add({out, ~a, ~b});
  }
  return out;
}

Literal Gates::all(std::vector<Literal> operands) {
  std::erase(operands, true_);
  std::ranges::sort(operands);
  operands.erase(std::ranges::unique(operands).begin(), operands.end());
  if (operands.empty()) return true_;
  if (operands.size() == 1) return operands[0];
  const auto clash = std::ranges::adjacent_find(operands, [](Literal a, Literal b) {
    return a == ~b;  // a variable and its negation are neighbours
  });
  if (clash != operands.end() || operands[0] == ~true_) return ~true_;
  const Literal out = cnf_.new_variable();
  for (Literal& operand : operands) {
    cnf_.add({~out, operand});
    operand = ~operand;
  }
  operands.push_back(out);
  cnf_.add(operands);
  return out;
}

Literal Gates::differ(Literal a, Literal b) {
  const bool negated = strip(a) != strip(b);
  if (b < a) std::swap(a, b);
  if (a == b) return constant(negated);
  if (a == true_) return negated_if(!negated, b);
  const auto [out, is_new] = output(Kind::differ, a, b);
  if (is_new) {
    cnf_.add({~out, a, b});
    cnf_.add({~out, ~a, ~b});
    cnf_.add({out, ~a, b});
    cnf_.add({out, a, ~b});
  }
  return negated_if(negated, out);
}

Literal Gates::choose(Literal condition, Literal if_true, Literal if_false) {
  if (strip(condition)) std::swap(if_true, if_false);
  if (condition == true_ || if_true == if_false) return if_true;
  if (if_true == ~if_false) return differ(condition, if_false);
  if (is_constant(if_true)) {
    return if_true == true_ ? either(condition, if_false) : both(~condition, if_false);
  }
  if (is_constant(if_false)) {
    return if_false == true_ ? either(~condition, if_true) : both(condition, if_true);
  }
  const auto [out, is_new] = output(Kind::choose, condition, if_true, if_false);
  if (is_new) {
    cnf_.add({~condition, ~if_true, out});
    cnf_.add({~condition, if_true, ~out});
    cnf_.add({condition, ~if_false, out});
    cnf_.add({condition, if_false, ~out});
    // Redundant, for propagation: where both agree, the condition does not matter.
    cnf_.add({~if_true, ~if_false, out});
    cnf_.add({if_true, if_false, ~out});
  }
  return out;
}

Literal Gates::parity(Literal a, Literal b, Literal c) {
  const bool negated = (strip(a) != strip(b)) != strip(c);
  std::array<Literal, 3> operands{a, b, c};
  std::ranges::sort(operands);
  std::tie(a, b, c) = std::tuple_cat(operands);
  if (a == b || b == c) return negated_if(negated, a == b ? c : a);
  if (a == true_) return negated_if(!negated, differ(b, c));
  const auto [out, is_new] = output(Kind::parity, a, b, c);
  if (is_new) {
    cnf_.add({~out, a, b, c});
    cnf_.add({~out, a, ~b, ~c});
    cnf_.add({~out, ~a, b, ~c});
    cnf_.add({~out, ~a, ~b, c});
    cnf_.add({out, ~a, b, c});
    cnf_.add({out, a, ~b, c});
    cnf_.add({out, a, b, ~c});
    cnf_.add({out, ~a, ~b, ~c});
  }
  return negated_if(negated, out);
}

Literal Gates::majority(Literal a, Literal b, Literal c) {
  std::array<Literal, 3> operands{a, b, c};
  std::ranges::sort(operands);
  std::tie(a, b, c) = std::tuple_cat(operands);
  if (a == b || b == c) return b;
  if (a == ~b) return c;  // a variable and its negation are neighbours
  if (b == ~c) return a;
  if (is_constant(a)) return a == true_ ? either(b, c) : both(b, c);
  const auto [out, is_new] = output(Kind::majority, a, b, c);
  if (is_new) {
    cnf_.add({~a, ~b, out});
    cnf_.add({~a, ~c, out});
    cnf_.add({~b, ~c, out});
    cnf_.add({a, b, ~out});
    cnf_.add({a, c, ~out});
    cnf_.add({b, c, ~out});
  }
  return out;
}

}  // namespace fiberproof::verify
