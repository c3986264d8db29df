// Queries as SMT-LIB 2 text: one definition per node, so that the script is as small as the graph,
// and only binary operators.
#include "verify/smt/query.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

std::string symbol(const Node& node) {
  return node.name.empty() ? fmt::format("t{}", node.id) : fmt::format("|{}|", node.name);
}

std::string operand(const Node& node, std::size_t index) {
  return symbol(*node.operands[index]);
}

std::string number(std::uint64_t value) {
  return fmt::format("#x{:016x}", value);
}

std::string binary(const char* function, const Node& node) {
  return fmt::format("({} {} {})", function, operand(node, 0), operand(node, 1));
}

std::string shift(const char* function, const Node& node) {
  return fmt::format("({} {} {})", function, operand(node, 0), number(node.value));
}

std::string definition(const Node& node) {
  switch (node.kind) {
    case NodeKind::constant: return number(node.value);
    case NodeKind::add: return binary("bvadd", node);
    case NodeKind::subtract: return binary("bvsub", node);
    case NodeKind::multiply: return binary("bvmul", node);
    case NodeKind::multiply_high:
      return fmt::format(
          "((_ extract 127 64) (bvmul ((_ zero_extend 64) {}) ((_ zero_extend 64) {})))",
          operand(node, 0), operand(node, 1));
    case NodeKind::bit_and: return binary("bvand", node);
    case NodeKind::bit_or: return binary("bvor", node);
    case NodeKind::bit_xor: return binary("bvxor", node);
    case NodeKind::complement: return fmt::format("(bvnot {})", operand(node, 0));
    case NodeKind::shift_left: return shift("bvshl", node);
    case NodeKind::shift_right: return shift("bvlshr", node);
    case NodeKind::select:
      return fmt::format("(ite {} {} {})", operand(node, 0), operand(node, 1), operand(node, 2));
    case NodeKind::truth: return node.value != 0 ? "true" : "false";
    case NodeKind::logical_not: return fmt::format("(not {})", operand(node, 0));
    case NodeKind::logical_and: return binary("and", node);
    case NodeKind::logical_or: return binary("or", node);
    case NodeKind::equal: return binary("=", node);
    case NodeKind::less: return binary("bvult", node);
    case NodeKind::bit_of:
      return fmt::format("(= ((_ extract {0} {0}) {1}) #b1)", node.value, operand(node, 0));
    case NodeKind::variable:
    case NodeKind::truth_variable: break;
  }
  return {};
}

bool is_word(const Node& node) {
  return node.kind <= NodeKind::select;
}

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proved: return "proved";
    case Verdict::refuted: return "refuted";
    case Verdict::unknown: break;
  }
  return "unknown";
}

std::string no_answer(const char* solver, std::chrono::milliseconds time_limit) {
  return fmt::format("{} did not answer in {} ms: try a longer --timeout", solver,
                     time_limit.count());
}

std::string to_smt2(const Query& query, const std::string& comment) {
  std::vector<const Node*> roots{&query.goal.node()};
  for (const Formula assumption : query.assumptions) {
    roots.push_back(&assumption.node());
  }
  std::string script = fmt::format("; {}\n(set-logic QF_BV)\n", comment);
  for (const Node* node : topological_order(roots)) {
    const char* sort = is_word(*node) ? "(_ BitVec 64)" : "Bool";
    if (!node->name.empty()) {
      script += fmt::format("(declare-const {} {})\n", symbol(*node), sort);
    } else {
      script += fmt::format("(define-fun {} () {} {})\n", symbol(*node), sort, definition(*node));
    }
  }
  for (const Formula assumption : query.assumptions) {
    script += fmt::format("(assert {})\n", symbol(assumption.node()));
  }
  script += fmt::format("(assert (not {}))\n(check-sat)\n(exit)\n", symbol(query.goal.node()));
  return script;
}

}  // namespace fiberproof::verify
