#include "verify/cli/proof_json.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

// The claim as its contract states it; else its label, in words.
std::string claim_of(const Theorem& theorem, const ProofReport& proofs) {
  if (theorem.refutation) return theorem.refutation->claim;
  if (const auto claim = proofs.claims.find(theorem.name); claim != proofs.claims.end()) {
    return claim->second;
  }
  std::string label = theorem.name.substr(theorem.name.rfind('/') + 1);
  label.erase(0, theorem.spec_id.empty() ? 0 : theorem.spec_id.size() + 1);
  std::ranges::replace(label, '_', ' ');
  return label;
}

// 64 bits do not fit into every reader's numbers, so words are text.
std::string word(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

nlohmann::json to_json(const ListedStep& step) {
  nlohmann::json json{{"text", step.text}, {"wrong", step.is_wrong}};
  if (!step.place.empty()) json["place"] = step.place;
  if (!step.symbol.empty()) {
    json["symbol"] = step.symbol;
    json["offset"] = step.offset;
  }
  if (step.source) {
    json["file"] = step.source->file;
    json["line"] = step.source->line;
  }
  return json;
}

nlohmann::json to_json(const MemoryRow& row) {
  nlohmann::json json{{"address", word(row.address)},
                      {"base", row.base},
                      {"distance", static_cast<std::int64_t>(row.distance)},
                      {"bytes", row.bytes},
                      {"value", nullptr},
                      {"wrong", row.is_wrong},
                      {"text", text_of(row)}};
  if (row.value) json["value"] = word(*row.value);
  if (!row.slot.empty()) json["slot"] = row.slot;
  return json;
}

template <class Part>
nlohmann::json list_of(const std::vector<Part>& parts) {
  nlohmann::json list = nlohmann::json::array();
  for (const Part& part : parts) list.push_back(to_json(part));
  return list;
}

nlohmann::json to_json(const Refutation& refutation, const NativeRun* native) {
  nlohmann::json json{{"found", refutation.found},
                      {"where", refutation.where},
                      {"values", refutation.values},
                      {"runs", list_of(refutation.listing)},
                      {"memory", list_of(refutation.memory)},
                      {"program", refutation.program}};
  if (native != nullptr) {
    json["native"] = {{"confirmed", native->confirmed}, {"line", native->line}};
    if (!native->kept_as.empty()) json["native"]["kept_as"] = native->kept_as;
  }
  return json;
}

}  // namespace

nlohmann::json to_json(const Theorem& theorem, const ProofReport& proofs) {
  nlohmann::json json{
      {"name", theorem.name},
      {"rule", theorem.spec_id},
      {"subject", theorem.subject == Subject::model ? "model" : "bytes"},
      {"claim", claim_of(theorem, proofs)},
      {"verdict", name_of(theorem.verdict)},
      {"expected", nullptr},
      {"obligations", theorem.obligations},
      {"milliseconds", std::chrono::duration<double, std::milli>(theorem.time).count()}};
  const auto entry = std::ranges::find(proofs.expected, theorem.name, &ExpectedTheorem::name);
  if (entry != proofs.expected.end()) json["expected"] = name_of(entry->verdict);
  const Verdict wanted = entry == proofs.expected.end() ? Verdict::proved : entry->verdict;
  json["as_expected"] = theorem.verdict == wanted;
  if (theorem.verdict == Verdict::unknown) json["reason"] = theorem.reason;
  if (theorem.is_not_reached) json["not_reached"] = true;
  if (theorem.refutation) {
    if (!theorem.refutation->found.empty()) json["reason"] = theorem.refutation->found;
    const auto native = proofs.native.find(theorem.name);
    json["refutation"] =
        to_json(*theorem.refutation, native == proofs.native.end() ? nullptr : &native->second);
  }
  return json;
}

nlohmann::json to_json(const ProvedSwitches& told) {
  return {{"switches", told.switches},
          {"different", told.different},
          {"kinds", told.kinds},
          {"bytes_searched", told.bytes},
          {"bytes_unread", told.bytes_unread},
          {"other_indirect_jumps", told.other_jumps},
          {"no_switch", told.misses},
          {"trampolines", told.trampolines}};
}

}  // namespace fiberproof::verify
