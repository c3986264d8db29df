// Memory accesses in one case of a contract: each lies in its region, above the red zone, and
// stores only where the contract allows it.
#include "verify/obligation/case_prover.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t red_zone_bytes = 128;  // psABI 3.2.2

template <class T>
using Result = CaseProver::Result<T>;

// The low end and the high end of a region, as addresses.
std::pair<Term, Term> bounds(const Region& region) {
  const Term low = collected(region.base + region.low);
  return {low, collected(low + region.size)};
}

}  // namespace

std::vector<Formula> CaseProver::layout() const {
  std::vector<Formula> apart;
  for (std::size_t index = 0; index < case_.regions.size(); ++index) {
    const auto [low, high] = bounds(case_.regions[index]);
    apart.push_back(less(low, high));
    for (std::size_t other = 0; other < index; ++other) {
      const auto [other_low, other_high] = bounds(case_.regions[other]);
      apart.push_back(logical_or(at_most(high, other_low), at_most(other_high, low)));
    }
  }
  return apart;
}

void CaseProver::show_accesses(SymbolicCpu& cpu) {
  for (const Access& access : cpu.accesses) {
    if (ledger_.is_settled()) return;
    const Region& region = case_.regions[access.location.region];
    Formula allowed = is_inside(region, access.location.offset, access.bytes);
    if (const auto below = distance_below_rsp(access)) {
      const Formula above_rsp = bit_of(*below, 63);
      allowed = logical_and(allowed, logical_or(above_rsp, at_most(*below, word(red_zone_bytes))));
    }
    if (access.is_store && region.read_only) allowed = truth(false);
    oblige_access("every_access_is_in_its_region", "", allowed, access, cpu);
    if (access.is_store && !contract_.modifies.empty()) {
      oblige_access("modifies", contract_.modifies.front().spec_id, may_modify(access), access,
                    cpu);
    }
  }
}

// How far the access is below RSP, if RSP points into the same region.
std::optional<Term> CaseProver::distance_below_rsp(const Access& access) const {
  const Region& region = case_.regions[access.location.region];
  if (const auto rsp = locate(case_.regions, access.rsp)) {
    if (rsp->region != access.location.region) return std::nullopt;
    return rsp->offset - access.location.offset;
  }
  // RSP comes from the region's base, but not as a sum: an alignment is undecided.
  if (!occurs(&region.base.node(), &access.rsp.node())) return std::nullopt;
  return access.rsp - (region.base + access.location.offset);
}

void CaseProver::oblige_access(const std::string& label, const std::string& spec_id,
                               Formula allowed, const Access& access, SymbolicCpu& cpu) {
  // Paths share their first accesses; each is shown once for each path condition.
  const std::uint64_t path = all_of(cpu.path).node().id;
  if (!shown_accesses_.emplace(label, allowed.node().id, path).second) return;
  const Query query{cpu.path, allowed};
  oblige(claim(label, spec_id), query, [&](const Query& asked, const Answer& answer) {
    const std::string claim_text =
        fmt::format("the {} of {} bytes at {:#x} stays where the contract allows it",
                    access.is_store ? "store" : "load", access.bytes, access.instruction);
    const Term address = case_.regions[access.location.region].base + access.location.offset;
    return tell(claim_text, nullptr, cpu, std::nullopt, asked, answer, address);
  });
}

Formula CaseProver::may_modify(const Access& access) {
  Formula allowed = truth(false);
  for (const WriteDeclaration& write : contract_.modifies) {
    const auto low = word_value(write.range.low, entry_);
    const auto high = word_value(write.range.high, entry_);
    const auto condition =
        write.condition ? truth_value(*write.condition, entry_) : Result<Formula>(truth(true));
    if (!low || !high || !condition) continue;  // not evaluated: then it allows nothing
    const auto location = locate(case_.regions, *low);
    if (!location || location->region != access.location.region) continue;
    const Region range{"range", case_.regions[location->region].base, location->offset,
                       *high - *low, false};
    // A range with swapped bounds would be nearly all of memory.
    const Formula is_range = at_most(range.size, case_.regions[location->region].size);
    allowed = logical_or(allowed, all_of({*condition, is_range,
                                          is_inside(range, access.location.offset, access.bytes)}));
  }
  return allowed;
}

}  // namespace fiberproof::verify
