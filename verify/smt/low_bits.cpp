#include "verify/smt/low_bits.hpp"

#include <bit>
#include <cstdint>
#include <optional>

namespace fiberproof::verify {
namespace {

constexpr unsigned rounds_max = 16;  // each removes one operation

std::uint64_t ones(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}

// A number of low bits, at least 1 and less than 64.
bool is_low(unsigned bits) {
  return bits > 0 && bits < 64;
}

struct MaskedWord {
  Term word;
  std::uint64_t mask;
};

// The operands of a bitwise operation with a constant.
std::optional<MaskedWord> masked_word(const Node& node) {
  for (const std::size_t side : {1u, 0u}) {
    if (node.operands[side]->kind == NodeKind::constant) {
      return MaskedWord{Term(node.operands[1 - side]), node.operands[side]->value};
    }
  }
  return std::nullopt;
}

// How many of the lowest bits an operation with this mask may change; 0 where it changes others.
unsigned changed_low_bits(NodeKind kind, std::uint64_t mask) {
  constexpr unsigned bits_max = 16;  // of an alignment
  if (kind == NodeKind::bit_and) {
    const auto bits = static_cast<unsigned>(std::countr_zero(mask));
    return is_low(bits) && mask == ~ones(bits) ? bits : 0;
  }
  const auto bits = static_cast<unsigned>(std::bit_width(mask));
  return bits <= bits_max ? bits : 0;
}

class Decision {
 public:
  Decision(const std::vector<Formula>& path, Solver& solver) : path_(path), solver_(solver) {}

  // The atom times its coefficient as another term, if the path decides its low bits.
  std::optional<Term> rewritten(const Node& atom, std::uint64_t coefficient) {
    switch (atom.kind) {
      case NodeKind::bit_and:
      case NodeKind::bit_or:
      case NodeKind::bit_xor: return scaled(masked(atom), coefficient);
      case NodeKind::shift_right: return shifted(atom, coefficient);
      case NodeKind::select: return scaled(chosen(atom), coefficient);
      default: return std::nullopt;
    }
  }

 private:
  static std::optional<Term> scaled(std::optional<Term> term, std::uint64_t coefficient) {
    if (!term) return std::nullopt;
    return coefficient == 1 ? *term : multiply(*term, word(coefficient));
  }

  // The lowest bits of a word, if they are the same in every state of the path.
  std::optional<std::uint64_t> low_bits(Term of, unsigned bits) {
    const Term low = of & word(ones(bits));
    if (const auto known = low.as_constant()) return known;
    const Answer any = solver_.prove({path_, truth(false)});
    if (any.verdict != Verdict::refuted) return std::nullopt;
    const std::uint64_t value = evaluate(low, any.counterexample);
    const Answer same = solver_.prove({path_, equal(low, word(value))});
    return same.verdict == Verdict::proved ? std::optional(value) : std::nullopt;
  }

  // x & mask, x | mask or x ^ mask, with a mask that changes only the lowest bits.
  std::optional<Term> masked(const Node& node) {
    const auto operands = masked_word(node);
    const unsigned bits = operands ? changed_low_bits(node.kind, operands->mask) : 0;
    if (bits == 0) return std::nullopt;
    const auto low = low_bits(operands->word, bits);
    if (!low) return std::nullopt;
    const std::uint64_t now = node.kind == NodeKind::bit_and  ? *low & operands->mask
                              : node.kind == NodeKind::bit_or ? *low | operands->mask
                                                              : *low ^ operands->mask;
    return operands->word + word(now - *low);
  }

  // (x >> n) · c · 2ⁿ is (x − its lowest n bits) · c.
  std::optional<Term> shifted(const Node& node, std::uint64_t coefficient) {
    const auto bits = static_cast<unsigned>(node.value);
    if (!is_low(bits) || (coefficient & ones(bits)) != 0) return std::nullopt;
    const Term operand(node.operands[0]);
    const auto low = low_bits(operand, bits);
    if (!low) return std::nullopt;
    return scaled(operand - word(*low), coefficient >> bits);
  }

  // The side of a choice that the path allows, if it allows only one.
  std::optional<Term> chosen(const Node& node) {
    const Formula condition(node.operands[0]);
    if (solver_.prove({path_, condition}).verdict == Verdict::proved) return Term(node.operands[1]);
    const Answer other = solver_.prove({path_, logical_not(condition)});
    return other.verdict == Verdict::proved ? std::optional(Term(node.operands[2])) : std::nullopt;
  }

  const std::vector<Formula>& path_;
  Solver& solver_;
};

}  // namespace

Term with_decided_low_bits(Term term, const std::vector<Formula>& path, Solver& solver) {
  Decision decision(path, solver);
  for (unsigned round = 0; round < rounds_max; ++round) {
    LinearForm form = linear_form(term);
    std::optional<Term> replacement;
    for (const auto& [id, entry] : form.atoms) {
      replacement = decision.rewritten(*entry.first, entry.second);
      if (!replacement) continue;
      form.atoms.erase(id);
      break;
    }
    if (!replacement) return term;
    term = from_linear_form(form) + *replacement;
  }
  return term;
}

bool changes_low_bits(Term term) {
  const Node& node = term.node();
  switch (node.kind) {
    case NodeKind::bit_and:
    case NodeKind::bit_or:
    case NodeKind::bit_xor: {
      const auto operands = masked_word(node);
      return operands && changed_low_bits(node.kind, operands->mask) != 0;
    }
    case NodeKind::shift_left: return node.operands[0]->kind == NodeKind::shift_right;
    default: return false;
  }
}

}  // namespace fiberproof::verify
