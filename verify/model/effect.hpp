// The effect of a transition as data over any pair of Word and Bit (verify/smt/word.hpp):
// transition.hpp makes it once, and then it is executed on numbers, or reasoned about in terms.
#pragma once

#include "verify/model/fields.hpp"
#include "verify/smt/word.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify::model {

/// The transitions: an operation, the end of a body, or the beginning or end of an entry.
enum class Kind : std::uint8_t {
  cont_new,
  cont_bind,
  resume,
  suspend,
  switch_to,
  resume_throw,
  abandon,
  return_,
  trap,
  enter,
  leave,
  close,  ///< the end of the store
};
inline constexpr std::array kind_names{
    std::string_view("cont_new"), std::string_view("cont_bind"), std::string_view("resume"),
    std::string_view("suspend"),  std::string_view("switch_to"), std::string_view("resume_throw"),
    std::string_view("abandon"),  std::string_view("return"),    std::string_view("trap"),
    std::string_view("enter"),    std::string_view("leave"),     std::string_view("close")};
inline constexpr std::size_t kinds = kind_names.size();
constexpr std::string_view name_of(Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

constexpr bool uses_a_handle(Kind kind) {
  return kind == Kind::cont_bind || kind == Kind::resume || kind == Kind::switch_to ||
         kind == Kind::resume_throw || kind == Kind::abandon;
}

/// A transition with its operands, and the values that the environment chooses. A kind ignores
/// operands that it does not have.
template <class Word>
struct Operation {
  Kind kind;
  Word handle;         ///< the handle that is used
  Word count;          ///< the number of values given
  Word value;          ///< the one that reaches the watched place, if any
  Word room;           ///< for values, of a suspension
  Word handlers;       ///< the table of a resume
  Word cut;            ///< the last stack that a suspension takes along; 0: no handler was found
  Word function;       ///< of a new continuation; 0: null
  Word args_capacity;  ///< of a new continuation
  Word return_value_count;
  Word is_kept;        ///< of a trap: 1 if there is an exception
  Word frame_pointer;  ///< of the first entry on a stack
  Word stack_pointer;
  Word thread_limit;  ///< of the thread's own stack
  Word new_record;    ///< chosen by the environment
  Word new_stack;
  Word new_handle;
};

/// Sets `field` to `value` on every object of `sort` for which `where` holds; all values are
/// computed before anything changes.
template <class Word, class Bit>
struct Write {
  Field field;
  std::function<Bit(const Word&)> where;
  std::function<Word(const Word&)> value;
};

/// A condition on a transition.
template <class Word, class Bit>
struct Condition {
  std::string_view name;
  Bit holds;
};
/// A condition on each record.
template <class Word, class Bit>
struct EachCondition {
  std::string_view name;
  std::function<Bit(const Word&)> holds;
};

/// A condition that the machine relies on during a transition: a rule, with its theorem's name.
template <class Word, class Bit>
struct Demand {
  std::string_view theorem;
  std::function<Bit(const Word&)> holds;  ///< for every record
};

template <class Word, class Bit>
struct Effect {
  /// Guaranteed by the embedder, the allocator and arithmetic; a transition that breaks these does
  /// not exist.
  std::vector<Condition<Word, Bit>> assumed;
  /// How the machine chooses: the handler is the nearest one.
  std::vector<Condition<Word, Bit>> chosen;
  std::vector<EachCondition<Word, Bit>> chosen_of_each;
  /// If one of these fails, the operation is refused and nothing is written.
  std::vector<Condition<Word, Bit>> accepted;
  std::vector<Write<Word, Bit>> writes;  ///< later ones override earlier ones
  std::vector<Demand<Word, Bit>> demands;
};

/// A mutant of the machine: a write or a condition is dropped, or a write stores something else.
/// `what` is the field's name or the condition's; `number` counts the writes of that field, which
/// can be several.
struct Mutant {
  enum class Dropped : std::uint8_t { write, condition };
  /// What the mutant writes instead, if anything.
  enum class Instead : std::uint8_t { nothing, zero, six, one_more, one_less, the_active_stack };
  Kind kind;
  Dropped dropped;
  std::string what;
  std::size_t number = 0;
  Instead instead = Instead::nothing;
  friend bool operator==(const Mutant&, const Mutant&) = default;
};

/// Such as "resume without its write of parent", "leave with one less written to level".
std::string describe(const Mutant& mutant);

/// The value that a mutant writes where the machine writes `value`.
template <class Word>
Word changed(Mutant::Instead instead, const Word& value, const Word& active) {
  constexpr std::uint64_t no_state = 6;
  switch (instead) {
    case Mutant::Instead::zero: return constant<Word>(0);
    case Mutant::Instead::six: return constant<Word>(no_state);
    case Mutant::Instead::one_more: return value + constant<Word>(1);
    case Mutant::Instead::one_less: return value - constant<Word>(1);
    case Mutant::Instead::the_active_stack: return active;
    case Mutant::Instead::nothing: break;
  }
  return value;
}

/// `active` is the stack that runs before the transition.
template <class Word, class Bit>
void apply(const Mutant& mutant, const Word& active, Effect<Word, Bit>& effect) {
  std::size_t number = 0;
  const auto is_dropped = [&](std::string_view name) {
    return name == mutant.what && number++ == mutant.number;
  };
  if (mutant.instead != Mutant::Instead::nothing) {
    for (auto& write : effect.writes) {
      if (!is_dropped(facts(write.field).name)) continue;
      write.value = [instead = mutant.instead, value = write.value, active](const Word& of) {
        return changed(instead, value(of), active);
      };
    }
    return;
  }
  if (mutant.dropped == Mutant::Dropped::write) {
    std::erase_if(effect.writes,
                  [&](const auto& write) { return is_dropped(facts(write.field).name); });
    return;
  }
  const auto named = [&](const auto& condition) { return is_dropped(condition.name); };
  std::erase_if(effect.accepted, named);
  std::erase_if(effect.chosen, named);
  std::erase_if(effect.chosen_of_each, named);
}

}  // namespace fiberproof::verify::model
