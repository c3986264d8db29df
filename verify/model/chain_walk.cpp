#include "verify/model/chain_walk.hpp"

#include <fmt/format.h>

#include <vector>

namespace fiberproof::verify::model {
namespace {

using Word = std::uint64_t;

bool is_live(const ConcreteState& state, Word record) {
  return state.read(Field::state, record) < states::returned;
}

// Innermost first; cut off if it is longer than the number of records.
std::vector<Word> walk_from(const ConcreteState& state, Word head) {
  std::vector<Word> met;
  for (Word at = head; at != 0 && met.size() < state.objects(Sort::record);
       at = state.read(Field::parent, at)) {
    met.push_back(at);
  }
  return met;
}

std::optional<std::string> chain_of(const ConcreteState& state, Word head,
                                    std::vector<bool>& is_met) {
  const std::vector<Word> met = walk_from(state, head);
  for (std::size_t place = 0; place < met.size(); ++place) {
    const Word at = met[place];
    const Word depth = met.size() - 1 - place;
    if (!is_live(state, at))
      return fmt::format("the chain of {} reaches {}, which has ended", head, at);
    if (is_met[at]) return fmt::format("the chain of {} reaches {} twice", head, at);
    is_met[at] = true;
    const auto is_wrong = [&](Field field, Word walked) { return state.read(field, at) != walked; };
    if (is_wrong(Field::chain, head) || is_wrong(Field::end, met.back()) ||
        is_wrong(Field::depth, depth)) {
      return fmt::format("record {}: chain {}, end {}, depth {}; walked: {}, {}, {}", at,
                         state.read(Field::chain, at), state.read(Field::end, at),
                         state.read(Field::depth, at), head, met.back(), depth);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> walk_against_ghosts(const ConcreteState& state) {
  std::vector<bool> is_met(state.objects(Sort::record), false);
  // Finds innermost stacks without a ghost: those that are nobody's parent.
  std::vector<bool> is_parent(state.objects(Sort::record), false);
  for (Word x = 1; x < state.objects(Sort::record); ++x) {
    const Word parent = state.read(Field::parent, x);
    if (is_live(state, x) && parent < is_parent.size()) is_parent[parent] = true;
  }
  for (Word x = 1; x < state.objects(Sort::record); ++x) {
    if (!is_live(state, x) || is_parent[x]) continue;
    if (auto wrong = chain_of(state, x, is_met)) return wrong;
  }
  for (Word x = 1; x < state.objects(Sort::record); ++x) {
    if (is_live(state, x) && !is_met[x]) return fmt::format("no walk reaches record {}", x);
  }
  return std::nullopt;
}

}  // namespace fiberproof::verify::model
