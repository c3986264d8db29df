#include "verify/model/hints.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <sstream>
#include <unordered_map>

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

Hints::Hints() {
  std::istringstream text{std::string(lines)};
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string theorem;
    std::string where;
    if (!(words >> theorem >> where)) continue;
    auto& noted = noted_[key_of(theorem, where)];
    for (std::string word; words >> word;) noted.push_back(std::stoull(word, nullptr, 16));
  }
}

Query Hints::apply(std::string_view theorem, std::string_view where, const Query& bare,
                   const std::vector<Formula>& instances) const {
  Query query = bare;
  const auto found = noted_.find(key_of(theorem, where));
  if (found == noted_.end()) return query;
  for (const Formula instance : instances) {
    const std::uint64_t hash = content_hash(instance.node()) & noted_bits;
    if (std::ranges::find(found->second, hash) != found->second.end()) {
      query.assumptions.push_back(instance);
    }
  }
  return query;
}

std::string hint_line(std::string_view theorem, std::string_view where, const Query& bare,
                      const Query& chosen) {
  std::string line = key_of(theorem, where);
  for (std::size_t index = bare.assumptions.size(); index < chosen.assumptions.size(); ++index) {
    line += fmt::format(" {:x}", content_hash(chosen.assumptions[index].node()) & noted_bits);
  }
  return line;
}

}  // namespace fiberproof::verify::model
