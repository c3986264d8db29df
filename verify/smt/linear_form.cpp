// Words as sums of atoms: addresses are compared in this form.
#include "verify/smt/term.hpp"

namespace fiberproof::verify {
namespace {

// The nodes that remain to be expanded into a sum, with their coefficients, users before operands.
// A node that occurs often is expanded once.
class Expansion {
 public:
  void add(const Node& node, std::uint64_t scale) {
    auto& [known, coefficient] = open_[node.id];
    known = &node;
    coefficient += scale;
  }

  LinearForm run() {
    while (!open_.empty()) {
      const auto [id, entry] = *open_.rbegin();
      open_.erase(id);
      if (entry.second != 0) expand(*entry.first, entry.second);
    }
    return std::move(sum_);
  }

 private:
  void expand(const Node& node, std::uint64_t scale) {
    const std::uint64_t negative = std::uint64_t{0} - scale;
    switch (node.kind) {
      case NodeKind::constant: sum_.constant += scale * node.value; return;
      case NodeKind::add:
      case NodeKind::subtract:
        add(*node.operands[0], scale);
        add(*node.operands[1], node.kind == NodeKind::add ? scale : negative);
        return;
      case NodeKind::complement:  // ~a is −a − 1
        sum_.constant -= scale;
        add(*node.operands[0], negative);
        return;
      case NodeKind::shift_left: add(*node.operands[0], scale << node.value); return;
      case NodeKind::multiply:
        for (const std::size_t side : {0u, 1u}) {
          if (node.operands[side]->kind == NodeKind::constant) {
            add(*node.operands[1 - side], scale * node.operands[side]->value);
            return;
          }
        }
        break;
      default: break;
    }
    sum_.atoms.emplace(node.id, std::pair{&node, scale});
  }

  std::map<std::uint64_t, std::pair<const Node*, std::uint64_t>> open_;
  LinearForm sum_;
};

}  // namespace

LinearForm linear_form(Term term) {
  Expansion expansion;
  expansion.add(term.node(), 1);
  return expansion.run();
}

Term from_linear_form(const LinearForm& form) {
  Term sum = word(form.constant);
  for (const auto& [id, entry] : form.atoms) {
    const auto& [atom, coefficient] = entry;
    const Term scaled = coefficient == 1 ? Term(atom) : multiply(Term(atom), word(coefficient));
    sum = sum + scaled;
  }
  return sum;
}

std::optional<std::uint64_t> constant_difference(Term a, Term b) {
  const LinearForm difference = linear_form(a - b);
  return difference.atoms.empty() ? std::optional(difference.constant) : std::nullopt;
}

}  // namespace fiberproof::verify
