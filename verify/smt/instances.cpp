// Selects instances by counterexample: ask Z3 without any instance, add instances that its model
// breaks, and repeat until there is no model. Of those added, keep the ones that Z3 says it used.
#include "verify/smt/instances.hpp"

#include "verify/smt/z3_encoding.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace fiberproof::verify {
namespace {

// How many instances one counterexample adds: the first ones that it breaks, since the likely ones
// come first. More would make a later round slower than two rounds.
constexpr std::size_t added_max = 100;

class Selection {
 public:
  Selection(const Query& query, const std::vector<Formula>& instances,
            std::chrono::milliseconds time_limit)
      : query_(query),
        instances_(instances),
        evaluator_(instances),
        encoding_(encode_as_integers(context_)),
        solver_(context_, z3::solver::simple()),
        literals_(context_),
        is_used_(instances.size()) {
    z3::params parameters(context_);
    parameters.set("timeout", static_cast<unsigned>(time_limit.count()));
    solver_.set(parameters);
  }

  Query run() {
    for (const Formula assumption : query_.assumptions) add(assumption);
    add(logical_not(query_.goal));
    for (;;) {
      const z3::check_result result = solver_.check(literals_);
      if (result == z3::unsat) return query_with(core());
      if (result == z3::unknown || !add_broken()) return query_with(used_);
    }
  }

 private:
  void add(Formula formula) {
    solver_.add(*encoding_->translate(formula));
    add_definitions();
    note(formula);
  }

  void add_definitions() {
    const z3::expr_vector all = encoding_->definitions();
    // Not all[…]: its index is signed in some versions of Z3 and unsigned in others.
    for (; definitions_ < all.size(); ++definitions_)
      solver_.add(z3::expr(context_, Z3_ast_vector_get(context_, all, definitions_)));
  }

  void note(Formula formula) {
    for (const Node* node : topological_order({&formula.node()})) {
      if (!node->name.empty() && known_.emplace(node).second) variables_.push_back(node);
    }
  }

  // Adds the instances that the solver's model breaks; returns whether there were any.
  bool add_broken() {
    const Model model = read_model();
    const std::vector<bool> holds = evaluator_(model);
    bool is_any_broken = false;
    std::size_t added = 0;
    for (std::size_t index = 0; index < instances_.size(); ++index) {
      if (holds[index] || is_used_[index]) continue;
      if (++added > added_max) break;
      is_used_[index] = true;
      is_any_broken = true;
      used_.push_back(index);
      note(instances_[index]);
      const z3::expr literal = context_.bool_const(("instance!" + std::to_string(index)).c_str());
      solver_.add(z3::implies(literal, *encoding_->translate(instances_[index])));
      add_definitions();
      literals_.push_back(literal);
      of_literal_.emplace(literal.id(), index);
    }
    return is_any_broken;
  }

  Model read_model() {
    const z3::model found = solver_.get_model();
    Model model;
    for (const Node* node : variables_) {
      if (node->kind == NodeKind::variable) {
        model.words[node->name] =
            found.eval(*encoding_->translate(Term(node)), true).get_numeral_uint64();
      } else {
        model.truths[node->name] = found.eval(*encoding_->translate(Formula(node)), true).is_true();
      }
    }
    return model;
  }

  std::vector<std::size_t> core() {
    std::vector<std::size_t> indices;
    for (const z3::expr& literal : solver_.unsat_core()) {
      indices.push_back(of_literal_.at(literal.id()));
    }
    return indices;
  }

  Query query_with(const std::vector<std::size_t>& indices) const {
    Query query = query_;
    for (const std::size_t index : indices) query.assumptions.push_back(instances_[index]);
    return query;
  }

  const Query& query_;
  const std::vector<Formula>& instances_;
  Evaluator evaluator_;
  z3::context context_;
  std::unique_ptr<Z3Encoding> encoding_;
  z3::solver solver_;
  z3::expr_vector literals_;
  std::unordered_map<unsigned, std::size_t> of_literal_;
  unsigned definitions_ = 0;
  std::vector<bool> is_used_;
  std::vector<std::size_t> used_;
  std::vector<const Node*> variables_;
  std::unordered_set<const Node*> known_;
};

}  // namespace

Query with_instances(const Query& query, const std::vector<Formula>& instances,
                     std::chrono::milliseconds time_limit) {
  try {
    return Selection(query, instances, time_limit).run();
  } catch (const z3::exception&) {
    return query;  // The solver that decides this query reports the error.
  }
}

}  // namespace fiberproof::verify
