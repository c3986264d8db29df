// Checks where a function has the control again: the clause of a resume that was taken, and every
// value that arrives.
#include "fuzz/wasm/function_writer.hpp"

#include <algorithm>

namespace fiberproof::fuzz::wasm {

namespace {

/// Whether an arm has the tag of the one that is taken.
template <class Arms>
bool is_like_taken(const Arms& arms, std::size_t index) {
  return std::any_of(arms.begin(), arms.end(),
                     [&](const auto& arm) { return arm.is_taken && arm.tag == arms[index].tag; });
}

}  // namespace

/// The arms of a resume or resume_throw: those for each of its clauses, in their order.
std::vector<FunctionWriter::Arm> FunctionWriter::arms_of(const Event& event,
                                                         std::uint32_t arrival_index,
                                                         std::uint32_t results) {
  const Event* const arrival = arrival_index == no_event ? nullptr : &this->event(arrival_index);
  std::vector<Arm> arms;
  for (std::uint32_t clause = 0; clause < event.step->suspends.size(); ++clause) {
    const auto group = static_cast<std::ptrdiff_t>(arms.size());
    const auto find = [&](std::uint32_t tag) {
      return std::find_if(arms.begin() + group, arms.end(),
                          [tag](const Arm& arm) { return arm.tag == tag; });
    };
    for (const std::uint32_t example : context_.plan.suspensions(event.step->suspends[clause])) {
      const std::uint32_t tag = context_.tag_of(example);
      if (find(tag) == arms.end()) {
        arms.push_back({tag, context_.plan.suspended_node(example, results), example, false});
      }
    }
    if (arrival != nullptr && arrival->arrival == Arrival::Kind::suspended &&
        arrival->clause == clause) {
      const Arm taken{context_.tag_of(arrival_index), context_.plan.node_of(arrival->made),
                      arrival_index, true};
      const auto same = find(taken.tag);
      same == arms.end() ? arms.push_back(taken) : static_cast<void>(*same = taken);
    }
  }
  return arms;
}

/// A block for each arm, the taken one outermost, or one for the results; inside, `instruction`.
/// Another arm than the expected one ends the part. After the blocks, the values that arrive are on
/// the stack.
void FunctionWriter::with_arms(const Item& item,
                               const std::function<void(std::span<const Clause>)>& instruction) {
  const Event& event = this->event(item.event);
  const std::uint32_t node = context_.plan.node_of(event.used);
  const std::uint32_t results = context_.plan.nodes()[node].results;
  const std::vector<Arm> arms = arms_of(event, item.arrival, results);
  TypeTable& types = context_.assembly.types();
  const bool returns =
      item.arrival != no_event && this->event(item.arrival).arrival == Arrival::Kind::returned;
  const auto open = [&](const Arm& arm) {
    TypeList list = context_.types_of(context_.plan.payload_of(arm.event));
    list.push_back(nullable(context_.continuation_type(arm.node)));
    code().open(op::block, types.block(list));
  };
  if (returns)
    code().open(op::block, types.block(context_.types_of(context_.plan.results(results))));
  std::vector<std::uint32_t> labels(arms.size());
  std::uint32_t next = static_cast<std::uint32_t>(arms.size());
  bool is_taken = false;
  for (const bool taken : {true, false}) {
    for (std::size_t index = 0; index < arms.size(); ++index) {
      if (arms[index].is_taken != taken) continue;
      open(arms[index]);
      labels[index] = --next;
      is_taken = is_taken || taken;
    }
  }
  std::vector<Clause> clauses;
  for (std::size_t index = 0; index < arms.size(); ++index) {
    const bool is_forgotten =
        context_.mistranslation == Mistranslation::forgotten_clause && arms[index].is_taken;
    if (!is_forgotten) clauses.push_back({clause_on, arms[index].tag, labels[index]});
  }
  if (context_.mistranslation == Mistranslation::wrong_clause) {
    // The second of two clauses with the taken tag comes first.
    for (std::size_t index = 0; index < arms.size(); ++index) {
      const bool is_other = is_taken && !arms[index].is_taken && is_like_taken(arms, index);
      if (is_other) clauses.insert(clauses.begin(), {clause_on, arms[index].tag, labels[index]});
    }
  }
  for (const std::uint8_t tag : event.step->switches) {
    if (context_.mistranslation == Mistranslation::forgotten_switch_clause) break;
    clauses.push_back({clause_on_switch, context_.switch_tag(tag, results), 0});
  }
  instruction(clauses);
  if (returns) {
    code().emit(op::br, arms.size());
  } else {
    wrong();
  }
  for (std::size_t left = arms.size(); left > 0; --left) {
    code().close();
    if (left > 1 || !is_taken) wrong();
  }
  if (returns) code().close();
}

/// The step that gives the control is the one that must. In a run of many continuations it is not
/// looked at but believed, so that they can share functions however long it was in coming.
void FunctionWriter::note_arrival(std::uint32_t serial) {
  if (context_.makes_many()) {
    context_.helpers.believe_now(code());
    code().emit(op::local_set, base_local_);
    base_ = serial_ = serial;
  } else {
    id(serial, 0);
    context_.helpers.check_now(code());
  }
}

/// On the stack are the values of `list`, and above them the handle of what was suspended.
void FunctionWriter::arrive(const Item& item, std::span<const Element> list) {
  if (item.arrival == no_event) return wrong();
  const Event& arrival = event(item.arrival);
  if (arrival.arrival == Arrival::Kind::suspended) {
    const std::uint32_t node = context_.plan.node_of(arrival.made);
    if (context_.mistranslation == Mistranslation::forgotten_handle) {
      code().emit(op::drop);
    } else {
      store(context_.mistranslation == Mistranslation::wrong_slot ? arrival.to ^ 1 : arrival.to,
            node);
    }
    const std::vector<Element> payload = context_.plan.payload_of(item.arrival);
    return check_values(item.arrival, payload);
  }
  check_values(item.arrival, list);
}

void FunctionWriter::check_values(std::uint32_t arrival_index, std::span<const Element> list) {
  const Event& arrival = event(arrival_index);
  std::span<const ValueId> ids = context_.trace.values_of(arrival);
  bool is_switched_to = arrival.is(Step::Kind::switch_);
  while (!list.empty() && list.back().is_handle()) {
    const std::uint32_t node = list.back().node;
    if (is_switched_to) {
      store(arrival.to, node);
      is_switched_to = false;
    } else {
      const std::uint32_t kept = local(Use::passed, 0, nullable(context_.continuation_type(node)));
      code().emit(op::local_set, kept);
      passed_ = {*context_.plan.passed_by(arrival_index), kept};
    }
    list = list.first(list.size() - 1);
  }
  check_kept();
  note_arrival(arrival.serial);
  std::vector<ValueId> results;
  if (arrival.arrival == Arrival::Kind::returned) {
    for (std::uint32_t place = 0; place < list.size(); ++place) {
      results.push_back({arrival.serial, place});
    }
    ids = results;
  }
  for (std::size_t index = list.size(); index-- > 0;) {
    begin_check(ids.first(list.size()), index);
    if (index == 0) {
      ValType type = declared(list[0].type);
      if (is_reference(type)) type.code = nullable_code;
      const std::uint32_t kept = local(Use::kept, 0, type);
      code().emit(op::local_tee, kept);
      kept_ = {list[0].type, ids[0], kept};
    }
    context_.helpers.check(code(), list[index].type);
  }
}

/// Values are checked from the last to the first: says which one is next, where that does not
/// follow.
void FunctionWriter::begin_check(std::span<const ValueId> ids, std::size_t index) {
  const bool follows = index + 1 < ids.size() && ids[index + 1].serial == ids[index].serial &&
                       ids[index + 1].place == ids[index].place + 1;
  if (!follows) begin_values(ids[index].serial, ids[index].place);
}

/// Checks the value that was kept once more: it must have survived.
void FunctionWriter::check_kept() {
  if (!kept_) return;
  begin_values(kept_->id.serial, kept_->id.place);
  code().emit(op::local_get, kept_->local);
  context_.helpers.check(code(), kept_->type);
  kept_.reset();
}

}  // namespace fiberproof::fuzz::wasm
