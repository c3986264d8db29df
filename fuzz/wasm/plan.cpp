#include "fuzz/wasm/plan.hpp"

#include <algorithm>
#include <unordered_map>

namespace fiberproof::fuzz::wasm {

namespace {

/// The most suspending steps with one tag for which a clause list has clauses.
constexpr std::size_t suspensions_max = 6;

bool is_taken(const Event& event, Step::Kind kind) {
  return event.is(kind) && event.is_taken();
}

/// Types are told apart again and again, by what the types are that they refer to, until they are
/// as many as before.
class TypeSorter {
 public:
  TypeSorter(const std::vector<Node>& nodes, const std::vector<std::vector<Element>>& results)
      : nodes_(nodes), results_(results), type_of_(nodes.size(), 0) {}

  std::uint32_t sort() {
    std::uint32_t types = round();
    while (has_handles_) {
      const std::uint32_t more = round();
      if (more == types) return types;
      types = more;
    }
    return types;
  }
  std::vector<std::uint32_t> take() { return std::move(type_of_); }

 private:
  using Key = std::vector<std::uint32_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::size_t hash = key.size();
      for (const std::uint32_t word : key) {
        hash = (hash ^ word) * 0x9e3779b97f4a7c15;
      }
      return hash ^ (hash >> 32);
    }
  };

  std::uint32_t round() {
    std::unordered_map<Key, std::uint32_t, Hash> seen;
    seen.reserve(nodes_.size());
    std::vector<std::uint32_t> next(nodes_.size());
    Key key;
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      key.clear();
      add(nodes_[node].params, key);
      key.push_back(none);
      add(results_[nodes_[node].results], key);
      next[node] = seen.try_emplace(key, static_cast<std::uint32_t>(seen.size())).first->second;
    }
    type_of_ = std::move(next);
    return static_cast<std::uint32_t>(seen.size());
  }

  void add(const std::vector<Element>& list, Key& key) {
    for (const Element& element : list) {
      has_handles_ = has_handles_ || element.is_handle();
      key.push_back(element.is_handle()
                        ? static_cast<std::uint32_t>(value_types) + type_of_[element.node]
                        : static_cast<std::uint32_t>(element.type));
    }
  }

  const std::vector<Node>& nodes_;
  const std::vector<std::vector<Element>>& results_;
  std::vector<std::uint32_t> type_of_;
  bool has_handles_ = false;
};

}  // namespace

Plan::Plan(const Program& program, const Trace& trace)
    : program_(program),
      trace_(trace),
      life_begun_(trace.events.size(), none),
      handles_(trace.stacks.size()),
      passed_(trace.events.size()),
      suspensions_(program.tags) {
  if (program.handles == HandlePlace::passed) pass_handles();
  begin_lives();
  join_results();
  fill_lists();
  add_clause_nodes();
  sort_into_types();
}

ValueType Plan::type_at(std::size_t index) const {
  return program_.values.empty() ? ValueType::i64 : program_.values[index % program_.values.size()];
}

std::vector<Element> Plan::values(std::size_t count, std::size_t shift) const {
  std::vector<Element> list(std::min<std::size_t>(count, list_max));
  for (std::size_t index = 0; index < list.size(); ++index) {
    list[index].type = type_at(index + shift);
  }
  return list;
}

/// A handle is handed over where the stack that gets the control names it in its next step.
void Plan::pass_handles() {
  const auto& events = trace_.events;
  for (std::size_t index = 1; index + 1 < events.size(); ++index) {
    const Event& event = events[index];
    const bool hands_over =
        (is_taken(event, Step::Kind::resume) || is_taken(event, Step::Kind::suspend)) &&
        event.on != event.next;
    const Event& before = events[index - 1];
    const Event& after = events[index + 1];
    if (hands_over && before.next == event.on && before.made.stack != no_stack &&
        after.on == event.next && after.is_taken() && after.used == before.made &&
        !(event.used == before.made) && !after.is(Step::Kind::drop)) {
      passed_[index] = before.made;
    }
  }
}

void Plan::begin_lives() {
  std::vector<std::uint32_t> current(trace_.stacks.size(), none);
  for (std::uint32_t index = 0; index < trace_.events.size(); ++index) {
    const Event& event = trace_.events[index];
    if (!event.is_taken()) continue;
    if (event.is(Step::Kind::bind)) {
      Life& life = lives_[current[event.used.stack]];
      std::uint32_t before = 0;
      for (const std::uint32_t count : life.bound) {
        before += count;
      }
      life.bound.push_back(std::min<std::uint32_t>(event.step->values, list_max - before));
    }
    if (event.next != event.on &&
        (event.arrival == Arrival::Kind::started || event.arrival == Arrival::Kind::resumed)) {
      lives_[current[event.next]].arrival = index;
    }
    const bool makes = event.is(Step::Kind::new_);
    if (makes || event.is(Step::Kind::suspend) || event.is(Step::Kind::switch_)) {
      life_begun_[index] = static_cast<std::uint32_t>(lives_.size());
      current[event.made.stack] = life_begun_[index];
      lives_.push_back({.stack = event.made.stack, .origin = index});
    }
  }
  // The handles of a life are numbered one after the other, as its uses are.
  for (Life& life : lives_) {
    life.first_node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.resize(nodes_.size() + life.bound.size() + 1);
    auto& handles = handles_[life.stack];
    handles.resize(trace_.events[life.origin].made.uses, none);
    for (std::size_t bind = 0; bind <= life.bound.size(); ++bind) {
      handles.push_back(life.first_node + static_cast<std::uint32_t>(bind));
    }
  }
}

StackIndex Plan::root(StackIndex stack) {
  while (joined_[stack] != stack) {
    stack = joined_[stack] = joined_[joined_[stack]];
  }
  return stack;
}

/// A switch puts one chain in the place of another: who resumed it gets the results of either.
void Plan::join_results() {
  joined_.resize(trace_.stacks.size());
  for (StackIndex stack = 0; stack < joined_.size(); ++stack) {
    joined_[stack] = stack;
  }
  for (const Event& event : trace_.events) {
    if (is_taken(event, Step::Kind::switch_)) joined_[root(event.cut_last)] = root(event.used_last);
  }
  std::vector<std::uint32_t> class_of_root(joined_.size(), none);
  class_of_.resize(joined_.size());
  for (StackIndex stack = 0; stack < joined_.size(); ++stack) {
    std::uint32_t& of_root = class_of_root[root(stack)];
    if (of_root == none) {
      of_root = static_cast<std::uint32_t>(results_.size());
      const std::uint8_t function = trace_.stacks[stack].function;
      results_.push_back(trace_.stacks[stack].is_initial
                             ? std::vector<Element>{}
                             : values(program_.functions[function].returns, function + 2u));
    }
    class_of_[stack] = of_root;
  }
}

std::size_t Plan::shift_of(const Life& life) const {
  const Event& origin = trace_.events[life.origin];
  return origin.is(Step::Kind::new_) ? trace_.stacks[life.stack].function : origin.step->tag + 1u;
}

std::vector<Element> Plan::arriving_list(const Life& life, std::size_t shift) const {
  const Event& arrival = trace_.events[life.arrival];
  std::vector<Element> list = values(arrival.value_count, shift);
  if (const HandleId* const passed = passed_by(life.arrival)) {
    list.push_back({.node = node_of(*passed)});
  }
  if (arrival.is(Step::Kind::switch_)) list.push_back({.node = node_of(arrival.made)});
  return list;
}

void Plan::fill_lists() {
  // A life that goes on, by the step that suspended it.
  std::map<const Step*, const Life*> known;
  for (Life& life : lives_) {
    if (life.arrival == none) continue;
    life.list = arriving_list(life, shift_of(life));
    known.try_emplace(trace_.events[life.origin].step, &life);
  }
  for (Life& life : lives_) {
    const Event& origin = trace_.events[life.origin];
    std::size_t bound = 0;
    for (const std::uint32_t count : life.bound) {
      bound += count;
    }
    if (life.arrival == none) {
      const auto like = known.find(origin.step);
      if (!origin.is(Step::Kind::new_) && like != known.end() &&
          like->second->list.size() > bound) {
        life.list = like->second->list;
      } else {
        const std::size_t room = origin.is(Step::Kind::new_)
                                     ? program_.functions[origin.step->function].params
                                     : origin.step->room;
        life.list = values(std::max(bound, room), shift_of(life));
      }
    }
    // A clause with an odd number and every bind narrow what the handle takes to what comes.
    bool is_narrow = origin.is(Step::Kind::suspend) && origin.clause % 2 == 1;
    std::size_t first = 0;
    for (std::size_t use = 0; use <= life.bound.size(); ++use) {
      Node& node = nodes_[life.first_node + use];
      node.params.assign(life.list.begin() + static_cast<std::ptrdiff_t>(first), life.list.end());
      for (Element& element : node.params) {
        if (is_narrow && !element.is_handle()) element.type = made_as(element.type);
      }
      const StackIndex last = origin.is(Step::Kind::new_) ? life.stack : origin.cut_last;
      node.results = class_of_[last];
      is_narrow = true;
      if (use < life.bound.size()) first += life.bound[use];
    }
  }
}

void Plan::add_clause_nodes() {
  for (std::uint32_t index = 0; index < trace_.events.size(); ++index) {
    const Event& event = trace_.events[index];
    if (!is_taken(event, Step::Kind::suspend)) continue;
    auto& same_tag = suspensions_[event.step->tag];
    const bool is_new = std::none_of(same_tag.begin(), same_tag.end(), [&](std::uint32_t other) {
      return trace_.events[other].step == event.step;
    });
    if (is_new && same_tag.size() < suspensions_max) same_tag.push_back(index);
  }
  for (const Event& event : trace_.events) {
    if (!is_taken(event, Step::Kind::resume) && !event.is(Step::Kind::throw_into)) continue;
    if (!event.is_taken()) continue;
    const std::uint32_t results = class_of_[event.used_last];
    for (const std::uint8_t tag : event.step->suspends) {
      for (const std::uint32_t suspension : suspensions_[tag]) {
        const auto [at, is_new] = clause_nodes_.try_emplace(
            {life_begun_[suspension], results}, static_cast<std::uint32_t>(nodes_.size()));
        if (is_new) nodes_.push_back({lives_[life_begun_[suspension]].list, results});
      }
    }
  }
}

void Plan::sort_into_types() {
  TypeSorter sorter(nodes_, results_);
  types_ = sorter.sort();
  type_of_node_ = sorter.take();
}

std::uint32_t Plan::node_of(const HandleId& handle) const {
  return handles_[handle.stack][handle.uses];
}

const HandleId* Plan::passed_by(std::uint32_t event) const {
  return passed_[event] ? &*passed_[event] : nullptr;
}

std::vector<Element> Plan::payload_of(std::uint32_t event) const {
  const Event& suspension = trace_.events[event];
  std::vector<Element> payload = values(suspension.value_count, suspension.step->tag);
  if (const HandleId* const passed = passed_by(event)) {
    payload.push_back({.node = node_of(*passed)});
  }
  return payload;
}

std::uint32_t Plan::suspended_node(std::uint32_t event, std::uint32_t results) const {
  return clause_nodes_.at({life_begun_[event], results});
}

}  // namespace fiberproof::fuzz::wasm
