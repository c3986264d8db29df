#include "fuzz/oracle/oracle_text.hpp"

#include "fuzz/oracle/oracle_question.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::oracle {
namespace {

constexpr bool is_of_a_word(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z');
}

/// As whole words: not as a part of a longer word or number.
bool has_phrase(std::string_view text, std::string_view phrase) {
  for (std::size_t at = text.find(phrase); at != std::string_view::npos;
       at = text.find(phrase, at + 1)) {
    const std::size_t end = at + phrase.size();
    if ((at == 0 || !is_of_a_word(text[at - 1])) &&
        (end == text.size() || !is_of_a_word(text[end]))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Phrases phrases_of(const ExpectedTrap& trap, const TextFacts& facts) {
  using Kind = ExpectedTrap::Kind;
  switch (trap.kind) {
    case Kind::null_function: return {"null function"};
    case Kind::stack_too_small:
      return {fmt::format("{} usable bytes", trap.second), fmt::format("need {}", trap.first)};
    case Kind::null_handle: return {"null handle"};
    case Kind::consumed_handle:
      return {"consumed handle", fmt::format("continuation {}", facts.continuation),
              fmt::format("its revision is {}", facts.handle_revision),
              fmt::format("the continuation's is {}", facts.record_revision)};
    case Kind::too_many_values:
      return {fmt::format("{} values", trap.first), fmt::format("{} in use", trap.second),
              fmt::format("buffer of {}", trap.third)};
    case Kind::unhandled_suspend:
      return {"no suspend handler", fmt::format("tag t{}", trap.first % program_bounds::tag_names)};
    case Kind::unhandled_switch:
      return {"no switch handler", fmt::format("tag t{}", trap.first % program_bounds::tag_names)};
    case Kind::body_failed:
      return {fmt::format("body of continuation {}", trap.first + facts.numbers_before), "failed"};
    case Kind::no_stack:
      return {fmt::format("no stack of {} bytes", trap.first),
              trap.second == static_cast<std::uint64_t>(ExpectedTrap::NoStack::too_large)
                  ? "address space"
                  : "too small"};
  }
  return {};
}

Phrases phrases_of(const BrokenWalk& broken, std::string_view stack) {
  Phrases phrases{fmt::format("breaks on {}", stack),
                  broken.after == 0 ? "at its first frame"
                                    : fmt::format("after the frame at {:#x}", broken.after)};
  using Reason = BrokenWalk::Reason;
  switch (broken.reason) {
    case Reason::misaligned:
      phrases.push_back(fmt::format("{:#x} is not aligned", broken.found));
      break;
    case Reason::off_its_stack:
      phrases.push_back(fmt::format("{:#x} is not on that stack", broken.found));
      break;
    case Reason::not_above:
      phrases.push_back(fmt::format("{:#x} is not above", broken.found));
      break;
    case Reason::no_parent: phrases.emplace_back("there is no parent"); break;
    case Reason::too_many_stacks:
      phrases.emplace_back("there are more stacks than the store has");
      break;
    case Reason::none:
    case Reason::other: break;
  }
  return phrases;
}

Verdict text_says(SpecId id, const Phrases& phrases, std::string_view text) {
  asked(id);
  std::uint64_t said = 0;
  for (const std::string& phrase : phrases) {
    said += has_phrase(text, phrase) ? 1 : 0;
  }
  return equal(id, "facts that the text names", phrases.size(), said);
}

}  // namespace fiberproof::fuzz::oracle
