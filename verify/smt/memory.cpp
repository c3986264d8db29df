#include "verify/smt/memory.hpp"

#include <fmt/format.h>
#include <ranges>

namespace fiberproof::verify {
namespace {

Term masked(Term value, unsigned bytes) {
  return bytes >= 8 ? value : value & word((std::uint64_t{1} << 8 * bytes) - 1);
}

}  // namespace

std::expected<Location, std::string> locate(const Regions& regions, Term address) {
  const LinearForm form = linear_form(address);
  std::optional<std::size_t> found;
  for (std::size_t index = 0; index < regions.size(); ++index) {
    const Node* base = &regions[index].base.node();
    const auto atom = form.atoms.find(base->id);
    if (atom == form.atoms.end()) continue;
    if (atom->second.second != 1 || found.has_value()) {
      return std::unexpected("the address mixes the bases of regions");
    }
    found = index;
  }
  if (!found) {
    return std::unexpected("the address is in no region of the contract");
  }
  LinearForm offset = form;
  offset.atoms.erase(regions[*found].base.node().id);
  for (const auto& region : regions) {
    for (const auto& [id, entry] : offset.atoms) {
      if (occurs(&region.base.node(), entry.first)) {
        return std::unexpected("the offset depends on the base of region " + region.name);
      }
    }
  }
  return Location{*found, from_linear_form(offset)};
}

Formula is_inside(const Region& region, Term offset, std::uint64_t bytes) {
  // Modulo 2⁶⁴: the distance from the low end leaves room for the whole access.
  const Term distance = collected(offset - region.low);
  return logical_and(at_most(word(bytes), region.size),
                     at_most(distance, region.size - word(bytes)));
}

Memory::Memory(const Regions* regions, Solver* solver, std::string epoch)
    : regions_(regions),
      solver_(solver),
      initial_(std::make_shared<Initial>(Initial{std::move(epoch), {}})) {}

void Memory::store(const Location& location, Term value, unsigned bytes) {
  written_.push_back({location, bytes, masked(value, bytes)});
}

void Memory::havoc(std::string epoch) {
  written_.clear();
  initial_ = std::make_shared<Initial>(Initial{std::move(epoch), {}});
}

void Memory::define_initial(const Location& location, Term value, unsigned bytes) {
  initial_->chunks.push_back({location, bytes, masked(value, bytes)});
}

std::expected<Term, std::string> Memory::load(const Location& location, unsigned bytes,
                                              const std::vector<Formula>& path) {
  for (const auto* chunks : {&written_, &initial_->chunks}) {
    for (const Chunk& chunk : *chunks | std::views::reverse) {
      const Overlap found = overlap(chunk, location, bytes, path);
      switch (found.kind) {
        case Overlap::Kind::none: break;
        case Overlap::Kind::covers:
          return masked(shift_right(chunk.value, 8 * found.skipped), bytes);
        case Overlap::Kind::partial: return load_bytewise(location, bytes, path);
        case Overlap::Kind::undecided:
          return std::unexpected(
              fmt::format("whether a load overlaps an earlier access in region {} is undecided",
                          (*regions_)[location.region].name));
      }
    }
  }
  return initial_contents(location, bytes);
}

Memory::Overlap Memory::overlap(const Chunk& chunk, const Location& wanted, unsigned bytes,
                                const std::vector<Formula>& path) {
  using Kind = Overlap::Kind;
  if (chunk.location.region != wanted.region) return {Kind::none};

  auto known = constant_difference(wanted.offset, chunk.location.offset);
  if (!known) {
    const Term distance = collected(wanted.offset - chunk.location.offset);
    const Formula apart =
        logical_and(at_most(word(chunk.bytes), distance), at_most(word(bytes), word(0) - distance));
    if (holds(apart, path)) return {Kind::none};
    if (!holds(equal(distance, word(0)), path)) return {Kind::undecided};
    known = 0;
  }
  if (*known < chunk.bytes) {
    const auto skipped = static_cast<unsigned>(*known);
    return skipped + bytes <= chunk.bytes ? Overlap{Kind::covers, skipped} : Overlap{Kind::partial};
  }
  return {std::uint64_t{0} - *known < bytes ? Kind::partial : Kind::none};
}

std::expected<Term, std::string> Memory::load_bytewise(const Location& location, unsigned bytes,
                                                       const std::vector<Formula>& path) {
  Term value = word(0);
  for (unsigned index = 0; index < bytes; ++index) {
    const auto byte = load({location.region, location.offset + word(index)}, 1, path);
    if (!byte) return byte;
    value = value | shift_left(*byte, 8 * index);
  }
  return value;
}

Term Memory::initial_contents(const Location& location, unsigned bytes) {
  const Term unknown = variable(fmt::format(
      "{}.{}.{}", initial_->epoch, (*regions_)[location.region].name, initial_->chunks.size()));
  initial_->chunks.push_back({location, bytes, masked(unknown, bytes)});
  return initial_->chunks.back().value;
}

bool Memory::holds(Formula goal, const std::vector<Formula>& path) {
  return solver_->prove({path, goal}).verdict == Verdict::proved;
}

}  // namespace fiberproof::verify
