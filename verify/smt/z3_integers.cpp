#include "verify/smt/z3_encoding.hpp"

#include <bit>
#include <string>
#include <unordered_map>

namespace fiberproof::verify {
namespace {

constexpr unsigned word_bits = 64;

// The number of bits of a mask 2ᵏ − 1, or nothing for any other number.
std::optional<unsigned> low_mask_bits(std::uint64_t mask) {
  const auto bits = static_cast<unsigned>(std::countr_one(mask));
  const bool is_low = bits < word_bits && mask == (std::uint64_t{1} << bits) - 1;
  return is_low ? std::optional(bits) : std::nullopt;
}

bool is_constant(const Node& node) {
  return node.kind == NodeKind::constant;
}

// Whether the node's form alone shows that its value is below 2ᵏ.
bool is_below(const Node& node, unsigned bits) {
  const std::uint64_t limit = std::uint64_t{1} << bits;
  switch (node.kind) {
    case NodeKind::constant: return node.value < limit;
    case NodeKind::bit_and:
      return is_below(*node.operands[0], bits) || is_below(*node.operands[1], bits);
    case NodeKind::select:
      return is_below(*node.operands[1], bits) && is_below(*node.operands[2], bits);
    default: return false;
  }
}

class Integers final : public Z3Encoding {
 public:
  explicit Integers(z3::context& context)
      : context_(context), modulus_(power(word_bits)), definitions_(context) {}

  const char* logic() const override { return "QF_LIA"; }
  std::optional<z3::expr> translate(Formula formula) override { return node(formula.node()); }
  std::optional<z3::expr> translate(Term term) override { return node(term.node()); }
  z3::expr_vector definitions() const override { return definitions_; }

 private:
  using Result = std::optional<z3::expr>;

  Result node(const Node& node) {
    if (const auto known = translated_.find(&node); known != translated_.end()) {
      return known->second;
    }
    const Result made = node.kind <= NodeKind::select ? word(node) : truth(node);
    translated_.emplace(&node, made);
    return made;
  }

  Result word(const Node& node) {
    switch (node.kind) {
      case NodeKind::constant: return number(node.value);
      case NodeKind::variable: return in_range(context_.int_const(node.name.c_str()), word_bits);
      case NodeKind::add:
      case NodeKind::subtract:
      case NodeKind::multiply:
      case NodeKind::complement:
      case NodeKind::shift_left: return sum(node);
      case NodeKind::bit_and: return masked(node);
      case NodeKind::bit_or: return joined(node);
      case NodeKind::shift_right:
        if (const Result value = operand(node, 0)) {
          return split(*value, static_cast<unsigned>(node.value)).high;
        }
        return std::nullopt;
      case NodeKind::select: {
        const Result condition = operand(node, 0);
        const Result if_true = operand(node, 1);
        const Result if_false = operand(node, 2);
        if (!condition || !if_true || !if_false) return std::nullopt;
        return z3::ite(*condition, *if_true, *if_false);
      }
      default: return std::nullopt;
    }
  }

  Result truth(const Node& node) {
    if (node.kind == NodeKind::truth) return context_.bool_val(node.value != 0);
    if (node.kind == NodeKind::truth_variable) return context_.bool_const(node.name.c_str());
    const Result left = operand(node, 0);
    if (!left) return std::nullopt;
    if (node.kind == NodeKind::logical_not) return !*left;
    if (node.kind == NodeKind::bit_of) return bit(*left, static_cast<unsigned>(node.value));
    const Result right = operand(node, 1);
    if (!right) return std::nullopt;
    switch (node.kind) {
      case NodeKind::logical_and: return *left && *right;
      case NodeKind::logical_or: return *left || *right;
      case NodeKind::equal: return *left == *right;
      case NodeKind::less: return *left < *right;
      default: return std::nullopt;
    }
  }

  // A sum of any size becomes one exact sum less one multiple of 2⁶⁴.
  Result sum(const Node& node) {
    const LinearForm form = linear_form(Term(&node));
    z3::expr total = signed_number(form.constant);
    for (const auto& [id, entry] : form.atoms) {
      if (entry.first == &node) return std::nullopt;  // a product of unknowns
      const Result atom = this->node(*entry.first);
      if (!atom) return std::nullopt;
      total = total + signed_number(entry.second) * *atom;
    }
    return in_range(total - modulus_ * fresh("wraps"), word_bits);
  }

  Result masked(const Node& node) {
    for (const std::size_t side : {0u, 1u}) {
      const Node& mask = *node.operands[side];
      if (!is_constant(mask)) continue;
      const Result value = operand(node, 1 - side);
      if (!value) return std::nullopt;
      if (const auto bits = low_mask_bits(mask.value)) return split(*value, *bits).low;
      if (const auto bits = low_mask_bits(~mask.value)) return *value - split(*value, *bits).low;
    }
    return std::nullopt;
  }

  // Disjoint bits: (a & ~(2ᵏ − 1)) | b with b < 2ᵏ is a sum.
  Result joined(const Node& node) {
    for (const std::size_t side : {0u, 1u}) {
      const Node& high = *node.operands[side];
      if (high.kind != NodeKind::bit_and || !is_constant(*high.operands[1])) continue;
      const auto bits = low_mask_bits(~high.operands[1]->value);
      if (!bits || !is_below(*node.operands[1 - side], *bits)) continue;
      const Result left = operand(node, 0);
      const Result right = operand(node, 1);
      if (!left || !right) return std::nullopt;
      return *left + *right;
    }
    return std::nullopt;
  }

  struct Split {
    z3::expr high;
    z3::expr low;
  };

  // value = high · 2ᵏ + low with low < 2ᵏ.
  Split split(const z3::expr& value, unsigned bits) {
    if (bits == 0) return {value, context_.int_val(0)};
    const Split parts{in_range(fresh("high"), word_bits - bits), in_range(fresh("low"), bits)};
    definitions_.push_back(value == parts.high * power(bits) + parts.low);
    return parts;
  }

  z3::expr bit(const z3::expr& value, unsigned index) {
    if (index == word_bits - 1) return value >= power(index);
    return split(split(value, index + 1).low, index).high == 1;
  }

  z3::expr in_range(const z3::expr& value, unsigned bits) {
    definitions_.push_back(value >= 0 && value < power(bits));
    return value;
  }

  Result operand(const Node& node, std::size_t index) { return this->node(*node.operands[index]); }

  z3::expr fresh(const char* purpose) {
    return context_.int_const((std::string(purpose) + "!" + std::to_string(fresh_++)).c_str());
  }

  z3::expr power(unsigned bits) {
    return bits == word_bits ? context_.int_val("18446744073709551616")
                             : number(std::uint64_t{1} << bits);
  }
  z3::expr number(std::uint64_t value) { return context_.int_val(value); }
  z3::expr signed_number(std::uint64_t value) {
    return context_.int_val(static_cast<std::int64_t>(value));
  }

  z3::context& context_;
  z3::expr modulus_;
  z3::expr_vector definitions_;
  std::unordered_map<const Node*, Result> translated_;
  unsigned fresh_ = 0;
};

}  // namespace

std::unique_ptr<Z3Encoding> encode_as_integers(z3::context& context) {
  return std::make_unique<Integers>(context);
}

}  // namespace fiberproof::verify
