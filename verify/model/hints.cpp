#include "verify/model/hints.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace fiberproof::verify::model {
namespace {

constexpr std::string_view lines =
#include "verify/model/instances.inc"
    ;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value ^ (value >> 29)) * 0x9e3779b97f4a7c15 ^ (hash >> 31);
}

std::string key_of(std::string_view theorem, std::string_view where) {
  return fmt::format("{} {}", theorem, where);
}

// As many bits of a hash as the file has digits for.
constexpr std::uint64_t noted_bits = 0xffff'ffff;

}  // namespace

std::uint64_t content_hash(const Node& node) {
  thread_local std::unordered_map<const Node*, std::uint64_t> known;
  if (const auto found = known.find(&node); found != known.end()) return found->second;
  std::uint64_t hash = mix(static_cast<std::uint64_t>(node.kind), node.value);
  for (const char letter : node.name) hash = mix(hash, static_cast<unsigned char>(letter));
  for (const Node* operand : node.operands) hash = mix(hash, content_hash(*operand));
  known.emplace(&node, hash);
  return hash;
}

std::uint64_t instance_key(std::string_view what, std::initializer_list<Term> objects) {
  std::uint64_t hash = 0;
  for (const char letter : what) hash = mix(hash, static_cast<unsigned char>(letter));
  std::uint64_t sum = 0;
  std::uint64_t product = 1;
  for (const Term object : objects) {
    const std::uint64_t of = content_hash(object.node());
    sum += of;
    product *= of | 1;
  }
  return mix(mix(hash, sum), product);
}

bool Hint::wants(std::uint64_t key) const {
  return std::ranges::find(keys_, key & noted_bits) != keys_.end();
}

Hints::Hints() {
  std::istringstream text{std::string(lines)};
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string theorem;
    std::string where;
    if (!(words >> theorem >> where)) continue;
    std::vector<std::uint64_t> keys;
    for (std::string word; words >> word;) keys.push_back(std::stoull(word, nullptr, 16));
    noted_.emplace(key_of(theorem, where), std::move(keys));
  }
}

const Hint* Hints::find(std::string_view theorem, std::string_view where) const {
  const auto found = noted_.find(key_of(theorem, where));
  return found == noted_.end() ? nullptr : &found->second;
}

namespace {

using Variables = std::set<const Node*>;

void add_variables(Formula formula, Variables& variables) {
  for (const Node* node : variables_of({&formula.node()})) variables.insert(node);
}

// The chosen instances, and those that read the same fields.
std::vector<const Instance*> with_readers(std::vector<const Instance*> chosen, const Query& bare,
                                          const std::vector<Instance>& instances) {
  Variables read;
  add_variables(bare.goal, read);
  for (const Formula assumption : bare.assumptions) add_variables(assumption, read);
  for (const Instance* instance : chosen) {
    if (!instance->is_congruence) add_variables(instance->holds, read);
  }
  const std::vector<const Instance*> noted = chosen;
  for (const Instance* instance : noted) {
    Variables wanted;
    add_variables(instance->holds, wanted);
    for (const Node* variable : wanted) {
      if (read.contains(variable)) continue;
      const auto reader = std::ranges::find_if(instances, [&](const Instance& other) {
        Variables of_other;
        if (!other.is_congruence) add_variables(other.holds, of_other);
        return of_other.contains(variable);
      });
      if (reader == instances.end()) continue;
      chosen.push_back(&*reader);
      add_variables(reader->holds, read);
    }
  }
  return chosen;
}

}  // namespace

std::string hint_line(std::string_view theorem, std::string_view where, const Query& bare,
                      const Query& chosen, const std::vector<Instance>& instances) {
  std::vector<const Instance*> noted;
  for (std::size_t index = bare.assumptions.size(); index < chosen.assumptions.size(); ++index) {
    const Formula assumed = chosen.assumptions[index];
    const auto of = std::ranges::find_if(
        instances, [&](const Instance& instance) { return same(instance.holds, assumed); });
    if (of != instances.end()) noted.push_back(&*of);
  }
  std::string line = key_of(theorem, where);
  for (const Instance* instance : with_readers(std::move(noted), bare, instances)) {
    line += fmt::format(" {:x}", instance->key & noted_bits);
  }
  return line;
}

}  // namespace fiberproof::verify::model
