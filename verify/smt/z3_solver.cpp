// Z3 behind the Solver interface, and the only place that catches its exceptions. It asks a query
// as integers first, and as bits where integers cannot express it or give no answer.
//
// It believes a refutation only after our own evaluator has confirmed it.
#include "verify/smt/cancellation.hpp"
#include "verify/smt/query_deadline.hpp"
#include "verify/smt/z3_encoding.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

namespace fiberproof::verify {
namespace {

bool is_counterexample(const Query& query, const Model& model) {
  return !evaluate(query.goal, model) &&
         std::ranges::all_of(query.assumptions,
                             [&](Formula assumption) { return evaluate(assumption, model); });
}

class Z3Solver final : public Solver {
 public:
  Z3Solver(std::chrono::milliseconds time_limit, Z3Encodings encodings)
      : time_limit_(static_cast<unsigned>(time_limit.count())), encodings_(encodings) {}

  Answer prove(const Query& query) override {
    const auto start = std::chrono::steady_clock::now();
    Answer answer;
    if (encodings_ != Z3Encodings::bits) {
      answer = guarded(encode_as_integers, query);
    }
    if (answer.verdict == Verdict::unknown && encodings_ != Z3Encodings::integers) {
      answer = guarded(encode_as_bits, query);
    }
    answer.time = std::chrono::steady_clock::now() - start;
    return answer;
  }

 private:
  template <class Encode>
  Answer guarded(Encode encode, const Query& query) {
    Answer answer;
    answer.reason = cancelled;
    if (are_queries_cancelled()) return answer;
    try {
      z3::context context;
      const CancellableContext cancellable(context);
      answer = decide(context, *encode(context), query);
    } catch (const z3::exception& error) {
      answer.verdict = Verdict::unknown;
      answer.reason = told(error.msg());
    }
    if (answer.verdict == Verdict::unknown && are_queries_cancelled()) answer.reason = cancelled;
    return answer;
  }

  Answer decide(z3::context& context, Z3Encoding& encoding, const Query& query) {
    Answer answer;
    z3::solver solver(context, encoding.logic());
    const QueryDeadline deadline(context, std::chrono::milliseconds(time_limit_));
    std::vector<Formula> formulas = query.assumptions;
    formulas.push_back(logical_not(query.goal));
    for (const Formula formula : formulas) {
      const auto translated = encoding.translate(formula);
      if (!translated) {
        answer.reason = "the encoding cannot express the query";
        return answer;
      }
      solver.add(*translated);
    }
    for (const z3::expr& definition : encoding.definitions()) {
      solver.add(definition);
    }
    switch (solver.check()) {
      case z3::unsat: answer.verdict = Verdict::proved; break;
      case z3::sat:
        answer.counterexample = read_model(solver.get_model(), encoding, formulas);
        answer.verdict =
            is_counterexample(query, answer.counterexample) ? Verdict::refuted : Verdict::unknown;
        answer.reason = "the solver's model does not satisfy the query";
        break;
      case z3::unknown: answer.reason = told(solver.reason_unknown()); break;
    }
    return answer;
  }

  // Z3 reports the end of its time in several phrases, alone or in a sentence.
  std::string told(const std::string& reason) const {
    const bool is_timeout = std::ranges::any_of(
        std::array{"timeout", "canceled", "interrupted"},
        [&](const char* word) { return reason.find(word) != std::string::npos; });
    return is_timeout ? no_answer("the solver", std::chrono::milliseconds(time_limit_)) : reason;
  }

  static Model read_model(const z3::model& model, Z3Encoding& encoding,
                          const std::vector<Formula>& formulas) {
    std::vector<const Node*> roots;
    for (const Formula formula : formulas) roots.push_back(&formula.node());
    Model values;
    for (const Node* node : variables_of(roots)) {
      if (node->kind == NodeKind::variable) {
        const auto value = encoding.translate(Term(node));
        values.words[node->name] = value ? model.eval(*value, true).get_numeral_uint64() : 0;
      } else {
        const auto value = encoding.translate(Formula(node));
        values.truths[node->name] = value && model.eval(*value, true).is_true();
      }
    }
    return values;
  }

  unsigned time_limit_;
  Z3Encodings encodings_;
};

}  // namespace

std::unique_ptr<Solver> make_z3_solver(std::chrono::milliseconds time_limit,
                                       Z3Encodings encodings) {
  return std::make_unique<Z3Solver>(time_limit, encodings);
}

}  // namespace fiberproof::verify
