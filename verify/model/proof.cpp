#include "verify/model/proof.hpp"

#include "verify/model/hints.hpp"
#include "verify/model/invariant.hpp"
#include "verify/model/step.hpp"
#include "verify/model/symbolic_state.hpp"
#include "verify/model/transition.hpp"
#include "verify/smt/instances.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

namespace fiberproof::verify::model {
namespace {

// Demands of transitions on the state before them.
constexpr std::array demanded{std::string_view("C3.what_is_linked_had_no_parent"),
                              std::string_view("C5.results_fit"),
                              std::string_view("C7.what_is_freed_was_held")};

// For the search for the instances that a proof needs, if no hint names them.
constexpr std::chrono::seconds selection_time_max{60};

using Before = SymbolicState;
using SymbolicOperation = Operation<Term>;
using SymbolicEffect = Effect<Term, Formula>;
using Clauses = Invariant<Term, Formula, Before>;
using BeforeView = View<Term, Formula, Before>;

SymbolicOperation any_operation(Kind kind) {
  return {.kind = kind,
          .handle = variable("handle"),
          .count = variable("count"),
          .value = variable("value"),
          .room = variable("room"),
          .handlers = variable("handlers"),
          .cut = variable("cut"),
          .function = variable("function"),
          .args_capacity = variable("args_capacity"),
          .return_value_count = variable("return_value_count"),
          .is_kept = variable("is_kept"),
          .frame_pointer = variable("frame_pointer"),
          .stack_pointer = variable("stack_pointer"),
          .thread_limit = variable("thread_limit"),
          .new_record = variable("new_record"),
          .new_stack = variable("new_stack"),
          .new_handle = variable("new_handle")};
}

// Reads the objects that a transition touches, so that the invariant is assumed for them, too: the
// running stack, the stack it returns to, the handle's record and the end of its chain, the cut.
void touch(const Before& before, const SymbolicOperation& operation) {
  const auto touch_record = [&before](Term record) { before.read(Field::state, record); };
  const Term active = before.read(Field::active, word(0));
  touch_record(active);
  switch (operation.kind) {
    case Kind::suspend:
    case Kind::switch_to:
      touch_record(operation.cut);
      touch_record(before.read(Field::parent, operation.cut));
      break;
    case Kind::return_:
    case Kind::trap: touch_record(before.read(Field::parent, active)); break;
    case Kind::enter: touch_record(before.read(Field::entry, word(0))); break;
    case Kind::leave:
      touch_record(before.read(Field::outer, active));
      touch_record(before.read(Field::outer_entry, active));
      touch_record(before.read(Field::end, variable("x")));
      break;
    default: break;
  }
  if (uses_a_handle(operation.kind)) {
    const Term named = before.read(Field::record, operation.handle);
    touch_record(named);
    touch_record(before.read(Field::last_ancestor, named));
  }
}

// A clause, or its weakened form if it is the weakened one.
Formula as_said(const ModelOptions& options, std::string_view clause, Formula holds) {
  const bool is_weakened = options.weakened && options.weakened->clause == clause;
  return is_weakened ? weakened(holds, *options.weakened) : holds;
}

// The assumptions for a step, built only on demand.
class Instances {
 public:
  Instances(const Before& before, const SymbolicEffect& effect, const ModelOptions& options)
      : before_(before), effect_(effect), options_(options) {
    for (std::size_t sort = 0; sort < sorts; ++sort) {
      objects_[sort] = before.objects(static_cast<Sort>(sort));
    }
  }

  /// The instances that the hint names; all if there is no hint.
  std::vector<Instance> wanted_by(const Hint* hint) const {
    std::vector<Instance> wanted;
    const auto offer = [&](std::uint64_t key, const auto& build, bool is_congruence = false) {
      if (hint == nullptr || hint->wants(key)) wanted.push_back({key, build(), is_congruence});
    };
    offer_choices(offer);
    offer_invariant(offer);
    for (const auto& congruence : before_.congruence()) {
      offer(
          instance_key(congruence.field, {congruence.one, congruence.other}),
          [&] { return congruence.holds(); }, true);
    }
    return wanted;
  }

 private:
  template <class Offer>
  void offer_choices(const Offer& offer) const {
    for (const auto* conditions : {&effect_.assumed, &effect_.chosen}) {
      for (const auto& condition : *conditions) {
        offer(content_hash(condition.holds.node()), [&] { return condition.holds; });
      }
    }
    for (const Term x : objects_of(Sort::record)) {
      for (const auto& condition : effect_.chosen_of_each) {
        offer(instance_key(condition.name, {x}), [&] { return condition.holds(x); });
      }
    }
  }

  // The invariant for these objects.
  template <class Offer>
  void offer_invariant(const Offer& offer) const {
    const BeforeView view(before_);
    for (const auto& clause : Clauses::clauses()) {
      if (clause.name == options_.without_clause) continue;
      const auto instance = [&](Term x, Term y) {
        return as_said(options_, clause.name, clause.holds(view, x, y));
      };
      const auto& of = objects_of(clause.sort);
      for (std::size_t i = 0; i < of.size(); ++i) {
        if (!clause.is_of_two) {
          offer(instance_key(clause.name, {of[i]}), [&] { return instance(of[i], of[i]); });
        }
        for (std::size_t j = 0; clause.is_of_two && j < i; ++j) {
          offer(instance_key(clause.name, {of[i], of[j]}), [&] { return instance(of[i], of[j]); });
        }
      }
    }
  }

  const std::vector<Term>& objects_of(Sort sort) const {
    return objects_[static_cast<std::size_t>(sort)];
  }

  const Before& before_;
  const SymbolicEffect& effect_;
  const ModelOptions& options_;
  std::array<std::vector<Term>, sorts> objects_;  // that the step and the goal read
};

class Proof {
 public:
  Proof(Solver& solver, const ModelOptions& options) : solver_(solver), options_(options) {
    result_.contract = "machine";
  }

  ContractResult run() {
    initiation();
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      if (is_over_) break;
      consecution(static_cast<Kind>(kind));
    }
    return std::move(result_);
  }

 private:
  void initiation() {
    for (const auto& clause : Invariant<Term, Formula, InitialState>::clauses()) {
      const InitialState state;
      const View<Term, Formula, InitialState> view(state);
      const Term x = clause.sort == Sort::store ? word(0) : variable("x");
      const Formula holds = as_said(options_, clause.name, clause.holds(view, x, variable("y")));
      oblige(clause.name, "beginning", {{}, holds}, nullptr);
    }
  }

  void consecution(Kind kind) {
    using AfterState = After<Term, Formula, Before>;
    const auto clauses = Invariant<Term, Formula, AfterState>::clauses();
    const std::string where(name_of(kind));
    for (const auto& clause : clauses) {
      if (kind == Kind::close) break;  // Nothing follows it.
      if (clause.name == options_.without_clause) continue;
      step(kind, clause.name, where,
           [this, &clause](const Before&, const auto& after, const auto&, const auto&) {
             const View<Term, Formula, AfterState> view(after);
             const Term x = clause.sort == Sort::store ? word(0) : variable("x");
             return as_said(options_, clause.name, clause.holds(view, x, variable("y")));
           });
    }
    for (const auto& claim : StepClaims<Term, Formula, Before>::claims()) {
      step(kind, claim.name, where,
           [&claim](const Before& before, const auto& after, const auto& operation, const auto&) {
             return claim.holds(BeforeView(before), View<Term, Formula, AfterState>(after),
                                operation, after.accepted(), variable("x"));
           });
    }
    for (const std::string_view theorem : demanded) {
      step(kind, theorem, where,
           [theorem](const Before&, const auto& after, const auto&, const auto& effect) {
             Formula goal = truth(true);
             for (const auto& demand : effect.demands) {
               if (demand.theorem == theorem) goal = logical_and(goal, demand.holds(variable("x")));
             }
             return implies(after.accepted(), goal);
           });
    }
  }

  template <class Goal>
  void step(Kind kind, std::string_view theorem, const std::string& where, Goal goal_of) {
    if (is_over_) return;
    if (options_.only_theorem && *options_.only_theorem != theorem) return;
    if (options_.only_kind && *options_.only_kind != kind) return;
    const Before before;
    const SymbolicOperation operation = any_operation(kind);
    Transition<Term, Formula, Before> transition(before, operation);
    SymbolicEffect& effect = transition.take();
    if (options_.mutant && options_.mutant->kind == kind) {
      apply(*options_.mutant, before.read(Field::active, word(0)), effect);
    }
    const After<Term, Formula, Before> after(before, effect);
    touch(before, operation);
    const Query bare{{}, goal_of(before, after, operation, effect)};
    const Instances instances(before, effect, options_);
    oblige(theorem, where, bare, &instances);
  }

  // `instances` is null if nothing may be assumed.
  void oblige(std::string_view name, const std::string& where, const Query& bare,
              const Instances* instances) {
    if (is_over_) return;
    const std::string full = fmt::format("machine/{}", name);
    auto known = std::ranges::find(result_.theorems, full, &Theorem::name);
    if (known == result_.theorems.end()) {
      Theorem theorem;
      theorem.name = full;
      theorem.spec_id = name.substr(0, name.find('.'));
      theorem.subject = Subject::model;
      theorem.verdict = Verdict::proved;
      result_.theorems.push_back(theorem);
      known = std::prev(result_.theorems.end());
    }
    Query query = bare;
    const Hint* const hint = hints_.find(name, where);
    if (hint != nullptr && instances != nullptr) {
      for (const Instance& instance : instances->wanted_by(hint)) {
        query.assumptions.push_back(instance.holds);
      }
    }
    Answer answer = solver_.prove(query);
    if (answer.verdict != Verdict::proved && instances != nullptr) {
      const std::vector<Instance> all = instances->wanted_by(nullptr);
      std::vector<Formula> formulas;
      for (const Instance& instance : all) formulas.push_back(instance.holds);
      query = with_instances(bare, formulas, selection_time_max);
      answer = solver_.prove(query);
      if (options_.on_selection && answer.verdict == Verdict::proved) {
        options_.on_selection(hint_line(name, where, bare, query, all));
      }
    }
    if (options_.on_query) options_.on_query(full, query, answer);
    ++known->obligations;
    known->asked += query.goal.as_constant() == true ? 0 : 1;
    known->time += answer.time;
    if (answer.verdict != Verdict::proved && known->verdict != Verdict::refuted) {
      known->verdict = answer.verdict;
      known->reason = answer.reason;
      is_over_ = options_.only_until_refuted;
    }
  }

  Solver& solver_;
  const ModelOptions& options_;
  ContractResult result_;
  Hints hints_;
  bool is_over_ = false;
};

}  // namespace

ContractResult prove_model(Solver& solver, const ModelOptions& options) {
  return Proof(solver, options).run();
}

}  // namespace fiberproof::verify::model
