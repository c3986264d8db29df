#include "verify/model/search.hpp"

#include <algorithm>
#include <set>

namespace fiberproof::verify::model {
namespace {

using Word = std::uint64_t;

// The first entry on a stack; a number identifies it.
void enter_stack(ConcreteOperation& operation, Word record) {
  operation.frame_pointer = 0x10000 * record + 0x200;
  operation.stack_pointer = 0x10000 * record + 0x100;
}

/// The operations to try in a state. Of the objects that the environment may choose, the first
/// possible one stands for all: any other differs only in name.
class Choices {
 public:
  Choices(const ConcreteState& state, const std::function<bool(const ConcreteOperation&)>& visit)
      : state_(state), visit_(visit) {}

  void run() {
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      base_ = operation(static_cast<Kind>(kind));
      base_.value = 0x700 + state_.read(Field::revision, 1);
      with_handle();
    }
  }

 private:
  void with_handle() {
    const Word last = uses_a_handle(base_.kind) ? state_.objects(Sort::handle) - 1 : 0;
    for (Word handle = 0; handle <= last; ++handle) {
      if (handle != 0 && state_.read(Field::issued, handle) == 0) continue;
      base_.handle = handle;
      enter_stack(base_, state_.read(Field::record, handle));
      with_numbers();
    }
  }

  void with_numbers() {
    const Kind kind = base_.kind;
    const bool has_values = kind == Kind::cont_bind || kind == Kind::resume ||
                            kind == Kind::suspend || kind == Kind::switch_to;
    const bool has_cut = kind == Kind::suspend || kind == Kind::switch_to;
    const bool has_table = kind == Kind::resume || kind == Kind::resume_throw;
    for (base_.count = 0; base_.count <= (has_values ? 1u : 0u); ++base_.count) {
      for (base_.room = 0; base_.room <= (has_cut ? 1u : 0u); ++base_.room) {
        for (base_.handlers = 0; base_.handlers <= (has_table ? 3u : 0u); base_.handlers += 3) {
          for (base_.is_kept = 0; base_.is_kept <= (kind == Kind::trap ? 1u : 0u);
               ++base_.is_kept) {
            const Word last = has_cut ? state_.objects(Sort::record) - 1 : 0;
            for (base_.cut = 0; base_.cut <= last; ++base_.cut) with_new_objects();
          }
        }
      }
    }
  }

  void with_new_objects() {
    ConcreteOperation made = base_;
    if (made.kind == Kind::cont_new) {
      made.function = made.args_capacity = made.return_value_count = 1;
    }
    made.thread_limit = 0x10;
    const bool has_record = made.kind == Kind::cont_new || made.kind == Kind::enter;
    const Word records = has_record ? state_.objects(Sort::record) - 1 : 0;
    const Word stacks = made.kind == Kind::cont_new ? state_.objects(Sort::stack) - 1 : 0;
    made.new_handle = 1;
    while (state_.read(Field::issued, made.new_handle) != 0) ++made.new_handle;
    if (made.new_handle >= state_.objects(Sort::handle)) return;
    for (Word record = has_record ? 1 : 0; record <= records; ++record) {
      for (Word stack = stacks > 0 ? 1 : 0; stack <= stacks; ++stack) {
        made.new_record = record;
        made.new_stack = stack;
        if (made.kind == Kind::enter) enter_stack(made, 0x10 + record);
        if (visit_(made)) return;
      }
    }
  }

  const ConcreteState& state_;
  const std::function<bool(const ConcreteOperation&)>& visit_;
  ConcreteOperation base_{};
};

class Search {
 public:
  explicit Search(const SearchOptions& options) : options_(options) {}

  SearchResult run() {
    Machine machine(options_.sizes);
    ConcreteOperation first = operation(Kind::enter);
    first.new_record = options_.sizes.records;
    first.thread_limit = 0x10;
    enter_stack(first, 0x10 + first.new_record);
    extend(machine, first, no_parent);
    std::size_t end = nodes_.size();
    std::size_t begin = 0;
    for (std::size_t done = 0; done < options_.operations && !result_.trace; ++done) {
      for (std::size_t at = begin; at < end && !result_.trace; ++at) {
        const Machine here = nodes_[at].machine;
        const std::function<bool(const ConcreteOperation&)> visit =
            [&](const ConcreteOperation& next) { return extend(here, next, at); };
        Choices(here.state(), visit).run();
      }
      begin = end;
      end = nodes_.size();
      if (result_.is_complete && !result_.trace) result_.operations_complete = done + 1;
    }
    result_.states = nodes_.size();
    return std::move(result_);
  }

 private:
  static constexpr std::size_t no_parent = ~std::size_t{0};
  struct Node {
    Machine machine;
    std::size_t parent;
    TraceStep step;
  };

  // Whether the operation was possible.
  bool extend(const Machine& from, const ConcreteOperation& next, std::size_t parent) {
    if (result_.trace) return true;
    Machine machine = from;
    const Machine::Outcome outcome = machine.take(next, options_.mutant);
    if (outcome == Machine::Outcome::impossible) return false;
    ++result_.transitions;
    auto& count = outcome == Machine::Outcome::done ? result_.done : result_.refused;
    ++count[static_cast<std::size_t>(next.kind)];
    const TraceStep step{next, outcome, from.state().get(Field::active),
                         machine.state().get(Field::active)};
    if (auto broken = machine.broken(); is_wanted(broken)) {
      result_.broken = std::move(broken);
      result_.trace = trace_to(parent);
      result_.trace->push_back(step);
      return true;
    }
    if (outcome == Machine::Outcome::refused || next.kind == Kind::close) return true;
    if (!seen_.insert(machine.state().words()).second) return true;
    if (nodes_.size() >= options_.states_max) {
      result_.is_complete = false;
      return true;
    }
    note_states(machine.state());
    nodes_.push_back({std::move(machine), parent, step});
    return true;
  }

  bool is_wanted(const std::vector<std::string_view>& broken) const {
    return options_.theorem.empty() ? !broken.empty()
                                    : std::ranges::find(broken, options_.theorem) != broken.end();
  }

  void note_states(const ConcreteState& state) {
    for (std::size_t value = 0; value < result_.records_in_state.size(); ++value) {
      bool has_one = false;
      for (Word x = 1; x < state.objects(Sort::record); ++x) {
        has_one = has_one || state.read(Field::state, x) == value;
      }
      result_.records_in_state[value] += has_one ? 1 : 0;
    }
  }

  Trace trace_to(std::size_t at) const {
    Trace trace;
    for (; at != no_parent; at = nodes_[at].parent) trace.push_back(nodes_[at].step);
    std::ranges::reverse(trace);
    return trace;
  }

  const SearchOptions& options_;
  SearchResult result_;
  std::vector<Node> nodes_;
  std::set<std::vector<Word>> seen_;
};

}  // namespace

SearchResult search(const SearchOptions& options) {
  return Search(options).run();
}

}  // namespace fiberproof::verify::model
