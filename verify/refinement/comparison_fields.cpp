// The comparison after a transition: every field of every live record, of those that have just
// ended, of the store and of the handle slots.
#include "verify/refinement/comparison.hpp"

#include <fmt/format.h>

namespace fiberproof::verify::refinement {
namespace {

using fuzz::LoggedRecord;
using fuzz::LoggedStack;
using model::Field;

constexpr std::uint64_t number_of(fuzz::ReferenceStack::State state) {
  return static_cast<std::uint64_t>(state);
}

}  // namespace

void Comparison::compare_stores(const Logged& logged) {
  if (logged.store) names_.learn(logged, active());
  compare_active(logged);
  for (std::size_t place = 0; place < logged.stacks.size() && !difference_; ++place) {
    compare_record(logged.stacks[place], logged.store ? &logged.records[place] : nullptr);
  }
  compare_handles(logged);
}

void Comparison::compare_active(const Logged& logged) {
  const auto core = [&logged, this](std::uint64_t fuzz::LoggedStore::* member) {
    return logged.store ? std::optional(names_.record_at((*logged.store).*member)) : std::nullopt;
  };
  same("the active record", 0, active(), names_.record_of(logged.running),
       core(&fuzz::LoggedStore::active));
  Word live = 0;
  for (Word record = 1; record < scratch_record; ++record) {
    const bool is_live = get(Field::state, record) < model::states::returned;
    live += is_live && get(Field::initial, record) == 0 ? 1 : 0;
  }
  same("live continuations", 0, live, logged.live,
       logged.store ? std::optional(logged.store->live) : std::nullopt);
  Word held = 0;
  for (Word stack = 1; stack <= scratch_stack; ++stack) {
    held += get(Field::owner, stack) != 0 ? 1 : 0;
  }
  same("live stacks", 0, held, logged.live,
       logged.store ? std::optional(logged.store->live) : std::nullopt);
  for (const LoggedStack& stack : logged.stacks) {
    if (!stack.initial) continue;
    same("the innermost entry", 0, get(Field::entry), names_.record_of(stack.index),
         core(&fuzz::LoggedStore::entry));
    break;
  }
  if (!logged.store) return;
  const auto& words = logged.store->limits;
  const auto word = [this](Field field) { return get(field); };
  same("the active stack limit", 0, word(Field::active_limit), {},
       names_.limit_name(word(Field::active_limit), words[0]));
  same("the active entry frame pointer", 0, word(Field::active_frame_pointer), {},
       names_.frame_name(word(Field::active_frame_pointer), words[1]));
  same("the active entry stack pointer", 0, word(Field::active_stack_pointer), {},
       names_.stack_pointer_name(word(Field::active_stack_pointer), words[2]));
  same("the active trap handler", 0, word(Field::active_trap_handler), {},
       names_.trap_handler_name(word(Field::active_trap_handler), words[3]));
}

void Comparison::compare_record(const LoggedStack& reference, const LoggedRecord* core) {
  const Word record = names_.record_of(reference.index);
  const auto of_core = [core](auto value) {
    return core != nullptr ? std::optional<Word>(value(*core)) : std::nullopt;
  };
  same("state", record, get(Field::state, record), number_of(reference.state),
       of_core([](const LoggedRecord& seen) { return seen.state; }));
  same("initial", record, get(Field::initial, record), reference.initial ? 1 : 0,
       of_core([](const LoggedRecord& seen) { return Word{seen.initial}; }));
  same("address", record, record, {},
       of_core([this](const LoggedRecord& seen) { return names_.record_at(seen.address); }));
  if (!reference.initial) {
    const NamedRecord& known = names_.record(record);
    same("uses", record, get(Field::revision, record) - known.made_revision, reference.uses,
         of_core([&known](const LoggedRecord& seen) {
           return seen.revision - known.first_revision - known.made_revision;
         }));
  }
  if (reference.state >= fuzz::ReferenceStack::State::returned) return;
  same("a re-raised trap", record, get(Field::reraised, record), reference.reraised ? 1 : 0,
       of_core([](const LoggedRecord& seen) { return Word{seen.reraised}; }));
  if (reference.initial) {
    same("outer", record, get(Field::outer, record), names_.record_of(reference.outer), {});
  } else {
    same("parent", record, get(Field::parent, record), names_.record_of(reference.parent),
         of_core([this](const LoggedRecord& seen) { return names_.record_at(seen.parent); }));
    const Word stack = get(Field::stack, record);
    same("stack", record, stack, {},
         of_core([this](const LoggedRecord& seen) { return names_.stack_of(seen); }));
    same("owner of its stack", record, get(Field::owner, stack), {}, record);
    compare_waiting(record, reference, core);
  }
  if (core != nullptr && get(Field::state, record) != model::states::running) {
    compare_limits(record, *core);
  }
}

// What a resume through the handle uses: the end of the chain, and the buffer that receives the
// values.
void Comparison::compare_waiting(Word record, const LoggedStack& reference,
                                 const LoggedRecord* core) {
  const bool fresh = reference.state == fuzz::ReferenceStack::State::fresh;
  if (!fresh && reference.state != fuzz::ReferenceStack::State::suspended) return;
  const auto of_core = [core](auto value) {
    return core != nullptr ? std::optional<Word>(value(*core)) : std::nullopt;
  };
  same("last ancestor", record, get(Field::last_ancestor, record),
       names_.record_of(reference.last_ancestor),
       of_core([this](const LoggedRecord& seen) { return names_.record_at(seen.last_ancestor); }));
  const Word length = get(fresh ? Field::args_length : Field::values_length, record);
  same("length of its buffer", record, length,
       fresh ? reference.args_length : reference.values_length,
       of_core([fresh](const LoggedRecord& seen) {
         return fresh ? seen.args_length : seen.values_length;
       }));
  same("capacity of its buffer", record,
       get(fresh ? Field::args_capacity : Field::values_capacity, record),
       fresh ? reference.args_capacity : reference.values_capacity,
       of_core([fresh](const LoggedRecord& seen) {
         return fresh ? seen.args_capacity : seen.values_capacity;
       }));
  if (watched_place_ >= length) return;
  const NamedRecord& known = names_.record(record);
  const Word value = get(fresh ? Field::args_value : Field::values_value, record);
  same("value at the watched place", record, value, known.watched_name,
       of_core([&known, value](const LoggedRecord& seen) {
         return seen.watched == known.watched ? value : seen.watched.value_or(0);
       }));
}

void Comparison::compare_limits(Word record, const LoggedRecord& core) {
  const auto word = [this, record](Field field) { return get(field, record); };
  same("stack limit", record, word(Field::limit), {},
       names_.limit_name(word(Field::limit), core.limits[0]));
  same("entry frame pointer", record, word(Field::entry_frame_pointer), {},
       names_.frame_name(word(Field::entry_frame_pointer), core.limits[1]));
  same("entry stack pointer", record, word(Field::entry_stack_pointer), {},
       names_.stack_pointer_name(word(Field::entry_stack_pointer), core.limits[2]));
  same("trap handler", record, word(Field::trap_handler), {},
       names_.trap_handler_name(word(Field::trap_handler), core.limits[3]));
}

void Comparison::compare_handles(const Logged& logged) {
  for (std::size_t slot = 0; slot < slots_.size() && !difference_; ++slot) {
    const Word handle = slots_[slot];
    const Word record = get(Field::record, handle);
    const Word revision = get(Field::handle_revision, handle);
    std::optional<Word> of_core;
    std::optional<Word> revision_of_core;
    if (logged.store) {
      const Handle& held = logged.store->slots[slot];
      of_core = names_.record_at(reinterpret_cast<Word>(held.record));
      revision_of_core = held.revision - names_.record(record).first_revision;
    }
    const fuzz::StackIndex index = logged.slots[slot].stack;
    same("record of the handle in slot", slot, record, names_.record_of(index), of_core);
    if (handle == 0) continue;
    same("revision of the handle in slot", slot, revision, {}, revision_of_core);
    const bool is_good = revision == get(Field::revision, record);
    same("whether a handle is good, in slot", slot, is_good ? 1 : 0, logged.good[slot] ? 1 : 0, {});
  }
}

void Comparison::same(const char* what, Word of, Word model, std::optional<Word> reference,
                      std::optional<Word> core) {
  if ((!reference || *reference == model) && (!core || *core == model)) [[likely]] {
    return;
  }
  const auto word = [](std::optional<Word> value) {
    return value ? fmt::format("{:#x}", *value) : std::string("not asked");
  };
  differ(fmt::format("{} ({})", what, of), word(model), word(reference), word(core));
}

void Comparison::differ(std::string what, std::string model, std::string reference,
                        std::string core) {
  if (difference_) return;  // The first difference is reported.
  difference_ = Difference{.what = std::move(what),
                           .model = std::move(model),
                           .reference = std::move(reference),
                           .core = std::move(core),
                           .serial = 0,
                           .step = {},
                           .operations = {}};
}

std::string text(const Difference& difference) {
  return fmt::format(
      "the model, the reference and core do not agree after step {} ({}), which is{}\n"
      "  {}\n  model     {}\n  reference {}\n  core      {}\n",
      difference.serial, difference.step,
      difference.operations.empty() ? " nothing to the model" : difference.operations,
      difference.what, difference.model, difference.reference, difference.core);
}

std::string text(const Tally& tally) {
  std::string all =
      fmt::format("{} programs; {} transitions, model and reference agree; {} of them with core\n",
                  tally.programs, tally.transitions, tally.with_core);
  for (std::size_t kind = 0; kind < model::kinds; ++kind) {
    all += fmt::format("  {}: {} carried out, {} refused\n", model::kind_names[kind],
                       tally.done[kind], tally.refused[kind]);
  }
  all +=
      fmt::format("  not compared: {} transitions of runs that are too large\n", tally.too_large);
  all += fmt::format("  nothing to the model: {} steps skipped, {} creations without a stack",
                     tally.skipped, tally.no_stack);
  for (std::size_t kind = 0; kind < tally.unmodelled.size(); ++kind) {
    if (tally.unmodelled[kind] == 0) continue;
    fuzz::Step step;
    step.kind = static_cast<fuzz::Step::Kind>(kind);
    const std::string word = print(step);
    all += fmt::format(", {} {}", tally.unmodelled[kind], word.substr(0, word.find(' ')));
  }
  return all + "\n";
}

}  // namespace fiberproof::verify::refinement
