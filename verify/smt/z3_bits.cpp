#include "verify/smt/z3_encoding.hpp"

#include <unordered_map>

namespace fiberproof::verify {
namespace {

class Bits final : public Z3Encoding {
 public:
  explicit Bits(z3::context& context) : context_(context) {}

  const char* logic() const override { return "QF_BV"; }
  std::optional<z3::expr> translate(Formula formula) override { return node(formula.node()); }
  std::optional<z3::expr> translate(Term term) override { return node(term.node()); }
  z3::expr_vector definitions() const override { return z3::expr_vector(context_); }

 private:
  z3::expr node(const Node& root) {
    for (const Node* below : topological_order({&root})) {
      if (!translated_.contains(below)) {
        translated_.emplace(below, expression(*below));
      }
    }
    return translated_.at(&root);
  }

  z3::expr operand(const Node& node, std::size_t index) {
    return translated_.at(node.operands[index]);
  }

  z3::expr number(std::uint64_t value) { return context_.bv_val(value, 64); }

  z3::expr expression(const Node& node) {
    switch (node.kind) {
      case NodeKind::constant: return number(node.value);
      case NodeKind::variable: return context_.bv_const(node.name.c_str(), 64);
      case NodeKind::add: return operand(node, 0) + operand(node, 1);
      case NodeKind::subtract: return operand(node, 0) - operand(node, 1);
      case NodeKind::multiply: return operand(node, 0) * operand(node, 1);
      case NodeKind::multiply_high:
        return (z3::zext(operand(node, 0), 64) * z3::zext(operand(node, 1), 64)).extract(127, 64);
      case NodeKind::bit_and: return operand(node, 0) & operand(node, 1);
      case NodeKind::bit_or: return operand(node, 0) | operand(node, 1);
      case NodeKind::bit_xor: return operand(node, 0) ^ operand(node, 1);
      case NodeKind::complement: return ~operand(node, 0);
      case NodeKind::shift_left: return z3::shl(operand(node, 0), number(node.value));
      case NodeKind::shift_right: return z3::lshr(operand(node, 0), number(node.value));
      case NodeKind::select: return z3::ite(operand(node, 0), operand(node, 1), operand(node, 2));
      case NodeKind::truth: return context_.bool_val(node.value != 0);
      case NodeKind::truth_variable: return context_.bool_const(node.name.c_str());
      case NodeKind::logical_not: return !operand(node, 0);
      case NodeKind::logical_and: return operand(node, 0) && operand(node, 1);
      case NodeKind::logical_or: return operand(node, 0) || operand(node, 1);
      case NodeKind::equal: return operand(node, 0) == operand(node, 1);
      case NodeKind::less: return z3::ult(operand(node, 0), operand(node, 1));
      case NodeKind::bit_of: {
        const auto bit = static_cast<unsigned>(node.value);
        return operand(node, 0).extract(bit, bit) == context_.bv_val(1, 1);
      }
    }
    throw z3::exception("a node of no known kind");
  }

  z3::context& context_;
  std::unordered_map<const Node*, z3::expr> translated_;
};

}  // namespace

std::unique_ptr<Z3Encoding> encode_as_bits(z3::context& context) {
  return std::make_unique<Bits>(context);
}

}  // namespace fiberproof::verify
