#include "fuzz/run/trap_words.hpp"

#include "fuzz/oracle/oracle_text.hpp"

#include <variant>

namespace fiberproof::fuzz {
namespace {

/// `numbers_before` continuations were made in earlier runs.
struct InPlainWords {
  std::uint64_t numbers_before;
  using Kind = ExpectedTrap::Kind;

  ExpectedTrap operator()(const NullFunction&) const { return {Kind::null_function}; }
  ExpectedTrap operator()(const StackTooSmall& trap) const {
    return {Kind::stack_too_small, trap.required_bytes, trap.usable_bytes};
  }
  ExpectedTrap operator()(const StackError& trap) const {
    using enum ExpectedTrap::NoStack;
    if (trap.reason == StackError::Reason::not_mapped) {
      cannot_map(trap.requested_bytes);
    }
    const auto why = trap.reason == StackError::Reason::too_large ? too_large : too_small;
    return {Kind::no_stack, trap.requested_bytes, static_cast<std::uint64_t>(why)};
  }
  ExpectedTrap operator()(const NullHandle&) const { return {Kind::null_handle}; }
  ExpectedTrap operator()(const ConsumedHandle&) const { return {Kind::consumed_handle}; }
  ExpectedTrap operator()(const TooManyValues& trap) const {
    return {Kind::too_many_values, trap.given, trap.length, trap.capacity};
  }
  ExpectedTrap operator()(const UnhandledTag& trap) const {
    return {trap.wanted == UnhandledTag::Wanted::suspend_handler ? Kind::unhandled_suspend
                                                                 : Kind::unhandled_switch,
            tag_index(trap.tag)};
  }
  ExpectedTrap operator()(const BodyFailed& trap) const {
    return {Kind::body_failed, trap.continuation - numbers_before};
  }
};

/// The handle is rejected as one of the continuation that has its record now.
oracle::TextFacts facts_of(const RunView& view, Handle rejected) {
  const std::uint64_t numbers_before = view.embedder.numbers_before();
  for (std::size_t number = view.reference().stack_count(); number-- > 1;) {
    const auto index = static_cast<StackIndex>(number);
    if (view.natives[index].record == rejected.record) {
      return {numbers_before, view.number_of(index), rejected.revision,
              view.natives[index].revision};
    }
  }
  return {numbers_before};
}

}  // namespace

const Tag program_tags[program_bounds::tags] = {"t0", "t1", "t0", "t1"};
const Tag other_tag("t0");

std::size_t tag_index(const Tag* tag) {
  return static_cast<std::size_t>(tag - program_tags);
}

ExpectedTrap in_plain_words(const Trap& trap, const RunView& view, std::uint8_t store) {
  return std::visit(InPlainWords{view.embedder.numbers_before(store)}, trap);
}

void judge_text(const RunView& view, const ExpectedTrap& expected, std::string_view text) {
  const oracle::TextFacts facts = expected.kind == ExpectedTrap::Kind::consumed_handle
                                      ? facts_of(view, view.slot(view.progress.step()->handle))
                                      : oracle::TextFacts{view.embedder.numbers_before()};
  const Arrival rejected{.kind = Arrival::Kind::refused, .trap = expected};
  view.check(
      oracle::text_says(oracle::rule_of(rejected), oracle::phrases_of(expected, facts), text));
}

}  // namespace fiberproof::fuzz
