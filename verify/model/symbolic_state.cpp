#include "verify/model/symbolic_state.hpp"

#include "verify/model/hints.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify::model {
namespace {

// The name in a counterexample: "parent(x)".
std::string name_of(Term object) {
  const Node& node = object.node();
  if (!node.name.empty()) return node.name;
  if (const auto number = object.as_constant()) return fmt::format("{}", *number);
  return fmt::format("{:016x}", content_hash(node));
}

}  // namespace

Term SymbolicState::read(Field field, Term of) const {
  const FieldFacts& what = facts(field);
  const Term object = what.sort == Sort::store ? word(0) : of;
  std::vector<Known>& known = known_[field];
  const auto found = std::ranges::find_if(
      known, [&object](const Known& entry) { return same(entry.object, object); });
  if (found != known.end()) return found->value;
  const Term value = what.sort == Sort::store
                         ? variable(what.name)
                         : variable(fmt::format("{}({})", what.name, name_of(object)));
  known.push_back({object, value});
  return value;
}

std::vector<Term> SymbolicState::objects(Sort sort) const {
  std::vector<Term> objects;
  for (const auto& [field, known] : known_) {
    if (facts(field).sort != sort) continue;
    for (const Known& entry : known) {
      const bool is_new = std::ranges::none_of(
          objects, [&entry](Term object) { return same(object, entry.object); });
      if (is_new) objects.push_back(entry.object);
    }
  }
  return objects;
}

std::vector<SymbolicState::Congruence> SymbolicState::congruence() const {
  std::vector<Congruence> all;
  for (const auto& [field, known] : known_) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        all.push_back(
            {facts(field).name, known[i].object, known[j].object, known[i].value, known[j].value});
      }
    }
  }
  return all;
}

Term InitialState::read(Field field, Term of) const {
  return is_given(field) ? given_.read(field, of) : word(initially(field));
}

}  // namespace fiberproof::verify::model
