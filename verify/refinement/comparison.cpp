#include "verify/refinement/comparison.hpp"

#include "fuzz/program/stack_shape.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fiberproof::verify::refinement {
namespace {

using fuzz::Arrival;
using fuzz::ExpectedTrap;
using fuzz::Step;
using model::ConcreteOperation;
using model::Field;
using model::Kind;
using model::Machine;
using model::operation;

// No chain is longer than the log records.
constexpr std::size_t operations_max = 64;
// Names of values encode when they were sent; those of handles are smaller.
constexpr std::uint64_t value_name = 0x700;

/// The largest args capacity that fits, or nothing if even an empty buffer does not.
std::optional<std::uint64_t> slots_of(std::uint64_t usable_bytes) {
  const std::uint64_t least = fuzz::spec::required_bytes(0);
  if (usable_bytes < least) return std::nullopt;
  return (usable_bytes - least) / fuzz::spec::value_bytes;
}

template <class Tags>
std::uint8_t bits_of(const Tags& tags) {
  std::uint8_t bits = 0;
  for (const std::uint8_t tag : tags) bits |= static_cast<std::uint8_t>(1u << tag);
  return bits;
}

}  // namespace

Comparison::Comparison(std::optional<model::Mutant> mutant)
    : machine_(sizes, mutant), is_mutant_(mutant.has_value()) {}

std::optional<Difference> Comparison::compare(const fuzz::Program& program,
                                              const fuzz::RunLog& log) {
  program_ = &program;
  ++tally_.programs;
  tally_.too_large += log.unlogged();
  watched_place_ = log.watched_place();
  difference_.reset();
  is_too_large_ = false;
  names_.begin();
  slots_.fill(0);
  told_.clear();
  machine_.begin(watched_place_);
  open_store();
  for (const Logged& logged : log.transitions()) {
    if (is_too_large_) {
      ++tally_.too_large;
      continue;
    }
    operations_.clear();
    follow(logged);
    if (!difference_ && !is_too_large_) compare_stores(logged);
    if (difference_) {
      difference_->serial = logged.serial;
      difference_->step = !logged.step ? "the end of the steps" : print(*logged.step);
      for (const ConcreteOperation& each : operations_) {
        difference_->operations += fmt::format(" {}", name_of(each.kind));
      }
      return difference_;
    }
    if (is_too_large_) {
      ++tally_.too_large;
      continue;
    }
    ++tally_.transitions;
    tally_.with_core += logged.store ? 1 : 0;
  }
  return std::nullopt;
}

// The embedder's own entry, which no step opens.
void Comparison::open_store() {
  ConcreteOperation first = operation(Kind::enter);
  first.new_record = 1;
  first.thread_limit = thread_limit;
  first.frame_pointer = frame_pointer_of(1);
  first.stack_pointer = stack_pointer_of(1);
  names_.set_record_of(0, 1);
  take(first);
}

void Comparison::follow(const Logged& logged) {
  if (logged.skipped) {
    ++tally_.skipped;
    return;
  }
  // A destructor ends by itself, too, and its exception continues.
  const bool unwinds = logged.arrival == Arrival::Kind::caught ||
                       logged.arrival == Arrival::Kind::cleaning ||
                       logged.arrival == Arrival::Kind::trapped;
  if (logged.step) {
    follow_step(logged, *logged.step);
  } else {
    unwinds ? unwind(logged) : end(false);
  }
}

void Comparison::follow_step(const Logged& logged, const Step& step) {
  using enum Step::Kind;
  switch (step.kind) {
    case new_: return make(logged, step);
    case bind: return use(logged, step, Kind::cont_bind);
    case resume: return use(logged, step, Kind::resume);
    case throw_into:
      use(logged, step, Kind::resume_throw);
      if (logged.arrival != Arrival::Kind::refused) unwind(logged);
      return;
    case drop: return use(logged, step, Kind::abandon);
    case switch_: return use(logged, step, Kind::switch_to);
    case suspend: return this->suspend(logged, step);
    case return_: return end(false);
    case trap: return end(true);
    case throw_:
    case rethrow: return unwind(logged);
    case back:
      if (logged.arrival != Arrival::Kind::went_on) return unwind(logged);
      ++tally_.unmodelled[static_cast<std::size_t>(step.kind)];
      return;
    case Step::Kind::enter: return this->enter(logged);
    case leave: return take(operation(Kind::leave));
    default: ++tally_.unmodelled[static_cast<std::size_t>(step.kind)]; return;
  }
}

void Comparison::make(const Logged& logged, const Step& step) {
  const bool is_refused = logged.arrival == Arrival::Kind::refused;
  const bool reraises = get(Field::reraised, active()) != 0;
  const std::optional<Word> slots = slots_of(usable_bytes_of(program_->stacks[step.stack]));
  const bool cannot_be_had = is_refused && !reraises && step.function != Step::null_function &&
                             (logged.trap == ExpectedTrap::Kind::no_stack || !slots);
  if (cannot_be_had || (is_refused && !reraises && logged.trap == ExpectedTrap::Kind::no_stack)) {
    ++tally_.no_stack;
    return;
  }
  ConcreteOperation made = operation(Kind::cont_new);
  made.function = step.function == Step::null_function ? 0 : 1;
  if (made.function != 0) {
    const fuzz::Signature& signature = program_->functions[step.function];
    made.args_capacity = fuzz::spec::capacity_of(signature.params, signature.returns);
    made.return_value_count = signature.returns;
  }
  made.new_record = scratch_record;
  made.new_stack = scratch_stack;
  made.new_handle = new_handle();
  if (!is_refused) {
    const auto core = std::ranges::find(logged.records, logged.made, &fuzz::LoggedRecord::index);
    if (core == logged.records.end()) {
      return differ("a creation", "made", "made", "nothing was seen of it");
    }
    made.new_record = names_.name_continuation(*core);
    made.new_stack = names_.name_stack(*core);
    is_too_large_ = made.new_record == 0 || made.new_stack == 0;
    if (is_too_large_) return;
    names_.set_record_of(logged.made, made.new_record);
    names_.record(made.new_record).made_revision = get(Field::revision, made.new_record);
    tell(Field::lowest, made.new_stack, lowest_of(made.new_stack));
  }
  tell(Field::slots, made.new_stack, slots.value_or(0));
  take(made, is_refused);
  put_handle(logged, made);
}

void Comparison::use(const Logged& logged, const Step& step, Kind kind) {
  const bool is_refused = logged.arrival == Arrival::Kind::refused;
  const Word before = active();
  ConcreteOperation op = operation(kind);
  op.handle = slots_[step.handle];
  op.count = step.values;
  const Word child = get(Field::record, op.handle);
  op.frame_pointer = frame_pointer_of(child);
  op.stack_pointer = stack_pointer_of(child);
  if (kind == Kind::cont_bind || kind == Kind::switch_to) op.new_handle = new_handle();
  if (kind == Kind::switch_to) {
    op.room = step.room;
    tell_tables(step.tag);
    op.cut = find_cut(step, true);
  }
  if (op.handle != 0) send(op, logged, step);
  take(op, is_refused);
  if (is_refused) return;
  if (kind == Kind::resume || kind == Kind::resume_throw) {
    names_.record(before).suspends = bits_of(step.suspends);
    names_.record(before).switches = bits_of(step.switches);
  }
  put_handle(logged, op);
}

// The value that reaches the watched place, if any, gets a name.
void Comparison::send(ConcreteOperation& op, const Logged& logged, const Step& step) {
  const Word to = get(Field::record, op.handle);
  const bool fresh = get(Field::state, to) == model::states::fresh;
  const Word length = get(fresh ? Field::args_length : Field::values_length, to);
  op.value = value_name + get(Field::revision, to);
  if (watched_place_ < length || watched_place_ - length >= step.values) return;
  if (logged.arrival == Arrival::Kind::refused) return;
  NamedRecord& known = names_.record(to);
  known.watched_name = op.value;
  known.watched =
      fuzz::value_made(logged.serial, static_cast<std::uint32_t>(watched_place_ - length)).low;
}

void Comparison::suspend(const Logged& logged, const Step& step) {
  ConcreteOperation op = operation(Kind::suspend);
  op.count = step.values;
  op.room = step.room;
  op.new_handle = new_handle();
  tell_tables(step.tag);
  op.cut = find_cut(step, false);
  take(op, logged.arrival == Arrival::Kind::refused);
  put_handle(logged, op);
}

void Comparison::end(bool by_trap) {
  if (get(Field::initial, active()) != 0) return take(operation(Kind::leave));
  const bool reraises = get(Field::reraised, active()) != 0;
  take(operation(by_trap || reraises ? Kind::trap : Kind::return_));
}

// An exception leaves stack after stack. A trap that is being re-raised does not: it goes to the
// parent.
void Comparison::unwind(const Logged& logged) {
  const Word target = names_.record_of(logged.running);
  while (!difference_ && active() != target) {
    if (active() == 0 || operations_.size() > operations_max) {
      return differ("who catches an exception", "nobody", fmt::to_string(target), "");
    }
    if (get(Field::initial, active()) != 0) {
      take(operation(Kind::leave));
      continue;
    }
    ConcreteOperation trapped = operation(Kind::trap);
    trapped.is_kept = get(Field::reraised, active()) == 0 ? 1 : 0;
    take(trapped);
  }
}

void Comparison::enter(const Logged& logged) {
  const Word name = get(Field::level, get(Field::entry)) + 1;
  ConcreteOperation op = operation(Kind::enter);
  op.new_record = name;
  op.frame_pointer = frame_pointer_of(name);
  op.stack_pointer = stack_pointer_of(name);
  names_.record(name) = {};
  names_.set_record_of(logged.running, name);
  take(op);
}

// Parts of operations.

void Comparison::take(const ConcreteOperation& op, bool is_refused) {
  operations_.push_back(op);
  const Machine::Outcome outcome = machine_.take(told_, op);
  told_.clear();
  static constexpr std::array outcomes{"impossible", "refused", "carried out"};
  const Machine::Outcome expected = is_refused ? Machine::Outcome::refused : Machine::Outcome::done;
  if (outcome != expected) {
    return differ(fmt::format("what comes of {}", name_of(op.kind)),
                  outcomes[static_cast<std::size_t>(outcome)],
                  outcomes[static_cast<std::size_t>(expected)], "as the reference");
  }
  ++(is_refused ? tally_.refused : tally_.done)[static_cast<std::size_t>(op.kind)];
  if (!machine_.broken().empty()) {
    differ("what holds of every state", "broken:" + machine_.broken(), "", "");
  }
}

void Comparison::put_handle(const Logged& logged, const ConcreteOperation& op) {
  if (logged.made != fuzz::no_stack) slots_[logged.to] = op.new_handle;
}

// The first handle that no slot holds. The model's state of it is reset.
Comparison::Word Comparison::new_handle() {
  Word name = 1;
  while (std::ranges::find(slots_, name) != slots_.end()) ++name;
  for (const Field field : {Field::issued, Field::record, Field::handle_revision, Field::uses}) {
    tell(field, name, 0);
  }
  return name;
}

// Tells the model whether each table has a clause for the tag of the operation.
void Comparison::tell_tables(std::uint8_t tag) {
  for (Word record = 1; record < scratch_record; ++record) {
    if (get(Field::state, record) != model::states::parent) continue;
    const NamedRecord& known = names_.record(record);
    tell(Field::handlers, record, (known.suspends >> tag & 1u) | (known.switches >> tag & 1u) << 1);
  }
}

// The last stack that is cut, by the model's parents; 0 if no handler is found.
Comparison::Word Comparison::find_cut(const Step& step, bool switches) {
  Word inner = active();
  for (std::size_t met = 0; met < scratch_record && get(Field::initial, inner) == 0; ++met) {
    const Word handler = get(Field::parent, inner);
    if (handler == 0) return 0;
    const NamedRecord& known = names_.record(handler);
    if (((switches ? known.switches : known.suspends) >> step.tag & 1u) != 0) return inner;
    inner = handler;
  }
  return 0;
}

void Comparison::tell(Field field, Word of, Word value) {
  if (get(field, of) != value) told_.push_back({field, of, value});
}

}  // namespace fiberproof::verify::refinement
