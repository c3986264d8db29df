#include "verify/certificate/bit_blaster.hpp"

#include <algorithm>

namespace fiberproof::verify {
namespace {

Bits complement(const Bits& bits) {
  Bits result;
  for (const Literal bit : bits) result.push_back(~bit);
  return result;
}

}  // namespace

const Bits& BitBlaster::node(const Node& root) {
  for (const Node* below : topological_order({&root})) {
    if (!known_.contains(below)) known_.emplace(below, circuit(*below));
  }
  return known_.at(&root);
}

Bits BitBlaster::circuit(const Node& node) {
  const auto in = [&](std::size_t index) -> const Bits& { return operand(node, index); };
  const auto count = static_cast<std::ptrdiff_t>(node.value);  // of a shift
  const Literal zero = gates_.constant(false);
  switch (node.kind) {
    case NodeKind::constant: return number(node.value);
    case NodeKind::variable: return inputs(64);
    case NodeKind::add: return sum(in(0), in(1), false);
    case NodeKind::subtract: return difference(in(0), in(1));
    case NodeKind::multiply: return product(in(0), in(1));
    case NodeKind::multiply_high: {
      Bits a = in(0);
      Bits b = in(1);
      a.resize(128, zero);
      b.resize(128, zero);
      const Bits both_halves = product(a, b);
      return {both_halves.begin() + 64, both_halves.end()};
    }
    case NodeKind::bit_and:
    case NodeKind::logical_and: return each(node, &Gates::both);
    case NodeKind::bit_or:
    case NodeKind::logical_or: return each(node, &Gates::either);
    case NodeKind::bit_xor: return each(node, &Gates::differ);
    case NodeKind::complement:
    case NodeKind::logical_not: return complement(in(0));
    case NodeKind::shift_left: {
      Bits result(node.value, zero);
      result.insert(result.end(), in(0).begin(), in(0).end() - count);
      return result;
    }
    case NodeKind::shift_right: {
      Bits result(in(0).begin() + count, in(0).end());
      result.resize(64, zero);
      return result;
    }
    case NodeKind::select: {
      Bits result;
      for (std::size_t bit = 0; bit < 64; ++bit)
        result.push_back(gates_.choose(in(0)[0], in(1)[bit], in(2)[bit]));
      return result;
    }
    case NodeKind::truth: return {gates_.constant(node.value != 0)};
    case NodeKind::truth_variable: return inputs(1);
    case NodeKind::equal: return {gates_.all(complement(each(node, &Gates::differ)))};
    case NodeKind::less: return {less(in(0), in(1))};
    case NodeKind::bit_of: return {in(0)[node.value]};
  }
  __builtin_unreachable();
}

Bits BitBlaster::each(const Node& node, Literal (Gates::*gate)(Literal, Literal)) {
  const Bits& a = operand(node, 0);
  const Bits& b = operand(node, 1);
  Bits result;
  for (std::size_t bit = 0; bit < a.size(); ++bit) result.push_back((gates_.*gate)(a[bit], b[bit]));
  return result;
}

Bits BitBlaster::inputs(std::size_t count) {
  Bits result(count);
  for (Literal& bit : result) bit = gates_.input();
  return result;
}

Bits BitBlaster::number(std::uint64_t value) {
  Bits result;
  for (unsigned bit = 0; bit < 64; ++bit)
    result.push_back(gates_.constant((value >> bit & 1) != 0));
  return result;
}

// Modulo 2 to the number of bits, like all arithmetic here.
Bits BitBlaster::sum(const Bits& a, const Bits& b, bool carry_in) {
  Literal carry = gates_.constant(carry_in);
  Bits result;
  for (std::size_t bit = 0; bit < a.size(); ++bit) {
    result.push_back(gates_.parity(a[bit], b[bit], carry));
    carry = gates_.majority(a[bit], b[bit], carry);
  }
  return result;
}

Bits BitBlaster::difference(const Bits& a, const Bits& b) {
  return sum(a, complement(b), true);
}

Bits BitBlaster::product(const Bits& a, const Bits& b) {
  const auto is_number = [this](const Bits& bits) {
    return std::ranges::all_of(bits, [this](Literal bit) { return gates_.is_constant(bit); });
  };
  if (is_number(b)) return product_with_number(a, b);
  if (is_number(a)) return product_with_number(b, a);
  Bits result(a.size(), gates_.constant(false));
  for (std::size_t shift = 0; shift < b.size(); ++shift) {
    Bits row(shift, gates_.constant(false));
    for (std::size_t bit = 0; shift + bit < a.size(); ++bit)
      row.push_back(gates_.both(a[bit], b[shift]));
    result = sum(result, row, false);
  }
  return result;
}

// One sum or difference per nonzero digit of the number, in the signed-digit form (digits −1, 0 and
// 1, no two nonzero neighbours): −1 is one digit, not 64.
Bits BitBlaster::product_with_number(const Bits& a, const Bits& number) {
  std::vector<bool> open;
  for (const Literal bit : number) open.push_back(bit == gates_.constant(true));
  Bits result(a.size(), gates_.constant(false));
  for (std::size_t shift = 0; shift < open.size(); ++shift) {
    if (!open[shift]) continue;
    Bits row(shift, gates_.constant(false));
    row.insert(row.end(), a.begin(), a.end() - static_cast<std::ptrdiff_t>(shift));
    const bool is_minus_one = shift + 1 < open.size() && open[shift + 1];
    result = is_minus_one ? difference(result, row) : sum(result, row, false);
    if (is_minus_one) {  // the run of ones above it becomes a single one at its end
      std::size_t end = shift + 1;
      for (; end < open.size() && open[end]; ++end) open[end] = false;
      if (end < open.size()) open[end] = true;
    }
  }
  return result;
}

// Whether a - b borrows.
Literal BitBlaster::less(const Bits& a, const Bits& b) {
  Literal borrow = gates_.constant(false);
  for (std::size_t bit = 0; bit < a.size(); ++bit)
    borrow = gates_.majority(~a[bit], b[bit], borrow);
  return borrow;
}

Cnf cnf_of(const Query& query) {
  BitBlaster blaster;
  for (const Formula assumption : query.assumptions) blaster.require(assumption, true);
  blaster.require(query.goal, false);
  return blaster.cnf();
}

}  // namespace fiberproof::verify
