#include "verify/x86/file_access.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <ranges>

namespace fiberproof::verify {
namespace {

using Kind = FileContent::Kind;

constexpr std::string_view symbol_prefix = "the address of ";
constexpr std::string_view fs_base_suffix = ".fs_base";
constexpr std::string_view weak_prefix = "the address of weak ";
constexpr std::size_t addresses_max = 16;  // of one instruction, for example in a table

const char* name_of_access(const FileAccess& access) {
  return access.is_store ? "store" : "load";
}

// Whether the access has a byte outside every region.
Formula is_outside(const Regions& regions, Term byte) {
  Formula outside = truth(true);
  for (const Region& region : regions) {
    const Term distance = byte - collected(region.base + region.low);
    outside = logical_and(outside, at_most(region.size, distance));
  }
  return outside;
}

Formula is_outside(const Regions& regions, const FileAccess& access) {
  return logical_or(is_outside(regions, access.address),
                    is_outside(regions, access.address + word(access.bytes - 1)));
}

Formula is_outside(const std::pair<std::uint64_t, std::uint64_t>& extent,
                   const FileAccess& access) {
  const Term last = access.address + word(access.bytes - 1);
  return logical_and(
      logical_or(less(last, word(extent.first)), at_most(word(extent.second), access.address)),
      at_most(access.address, last));
}

class Lookup {
 public:
  using Result = std::expected<std::variant<Term, Location>, AccessFault>;

  Lookup(const FileAccess& access, const Regions& regions, const std::vector<Formula>& path,
         const ConstantMemory& memory, Solver& solver)
      : access_(access), regions_(regions), path_(path), memory_(memory), solver_(solver) {}

  Result run() {
    if (const auto address = access_.address.as_constant()) return at(*address);
    for (const Node* node : variables_of({&access_.address.node()})) {
      if (node->name.starts_with(symbol_prefix)) {
        return fault(
            fmt::format("through {}, which another file defines and the contract "
                        "does not describe",
                        node->name));
      }
    }
    if (is_by_fs()) {
      return fault(
          "by FS, whose base the contract does not describe: begin the run with 'fs_base == "
          "GHOST', "
          "and give a region for the thread's memory");
    }
    if (const auto addresses = few_addresses()) return at_one_of(*addresses);
    AccessFault astray{
        text(fmt::format("of an address that is not known to be in a region: {}",
                         access_.why_no_region)),
        logical_and(is_outside(regions_, access_), is_outside(memory_.extent(), access_))};
    return std::unexpected(std::move(astray));
  }

 private:
  // A thread's own memory is some: no state in which it lies elsewhere refutes anything.
  bool is_by_fs() const {
    const auto variables = variables_of({&access_.address.node()});
    return std::ranges::any_of(
        variables, [](const Node* node) { return node->name.ends_with(fs_base_suffix); });
  }

  std::string text(const std::string& of_what) const {
    return fmt::format("a {} at {:#x} {}", name_of_access(access_), access_.instruction, of_what);
  }

  std::unexpected<AccessFault> fault(const std::string& of_what,
                                     std::optional<Formula> is_astray = std::nullopt) const {
    return std::unexpected(AccessFault{text(of_what), is_astray});
  }

  Result at(std::uint64_t address) {
    const FileContent content = memory_.at(address, access_.bytes);
    const bool is_known = content.kind == Kind::constant || content.kind == Kind::symbol;
    if (is_known && !access_.is_store) return value_of(content);
    if (const auto location = pinned_region(address)) return *location;
    if (memory_.is_read_only(address, access_.bytes) && access_.is_store) {
      return fault(fmt::format("to {:#x}, in memory of the file that is read-only", address),
                   truth(true));
    }
    if (content.kind == Kind::variable) {
      return fault(
          fmt::format("{} the variable {}, which the contract does not describe: give a "
                      "contract that has a region for it (--contract)",
                      access_.is_store ? "to" : "of", content.name));
    }
    if (content.kind != Kind::nothing) {
      return fault(fmt::format("of the file's memory at {:#x}, whose value is not known: {}",
                               address, content.name));
    }
    return fault(fmt::format("at address {:#x}, where neither a region of the contract nor the "
                             "file has memory",
                             address),
                 is_outside(regions_, access_));
  }

  static Term value_of(const FileContent& content) {
    if (content.kind == Kind::constant) return word(content.value);
    return address_of_symbol(content.name, content.is_weak) + word(content.value);
  }

  // A table: looks up each address, and the state chooses one of the values.
  Result at_one_of(const std::vector<std::uint64_t>& addresses) {
    if (access_.is_store) return fault("to one of several addresses of the file");
    std::optional<Term> value;
    for (const std::uint64_t address : addresses) {
      const Formula is_this = equal(access_.address, word(address));
      const auto found = at(address);
      if (!found) {
        AccessFault error = found.error();
        if (error.is_astray) error.is_astray = logical_and(is_this, *error.is_astray);
        return std::unexpected(std::move(error));
      }
      const Term* const held = std::get_if<Term>(&*found);
      if (held == nullptr) return fault("of a region and of the file's own memory");
      value = value ? select(is_this, *held, *value) : *held;
    }
    return *value;
  }

  // All addresses that the path allows, if they are few and the first one is in the file.
  std::optional<std::vector<std::uint64_t>> few_addresses() {
    std::vector<std::uint64_t> addresses;
    Formula is_one = truth(false);
    while (addresses.size() <= addresses_max) {
      const Answer answer = solver_.prove({path_, is_one});
      if (answer.verdict == Verdict::proved && !addresses.empty()) return addresses;
      if (answer.verdict != Verdict::refuted) return std::nullopt;
      const std::uint64_t address = evaluate(access_.address, answer.counterexample);
      if (memory_.at(address, access_.bytes).kind == Kind::nothing && addresses.empty()) {
        return std::nullopt;
      }
      addresses.push_back(address);
      is_one = logical_or(is_one, equal(access_.address, word(address)));
    }
    return std::nullopt;
  }

  // A contract may fix a region's address: `assume counter == 0x555555554010`.
  std::optional<Location> pinned_region(std::uint64_t address) {
    const Answer any = solver_.prove({path_, truth(false)});
    if (any.verdict != Verdict::refuted) return std::nullopt;
    for (std::size_t index = 0; index < regions_.size(); ++index) {
      const std::uint64_t base = evaluate(regions_[index].base, any.counterexample);
      const Term offset = word(address - base);
      const Formula is_inside_here = is_inside(regions_[index], offset, access_.bytes);
      if (!evaluate(is_inside_here, any.counterexample)) continue;
      const Formula is_pinned = equal(regions_[index].base, word(base));
      if (solver_.prove({path_, is_pinned}).verdict == Verdict::proved) {
        return Location{index, offset};
      }
    }
    return std::nullopt;
  }

  const FileAccess& access_;
  const Regions& regions_;
  const std::vector<Formula>& path_;
  const ConstantMemory& memory_;
  Solver& solver_;
};

}  // namespace

Term address_of_symbol(std::string_view name, bool is_weak) {
  return variable(fmt::format("{}{}", is_weak ? weak_prefix : symbol_prefix, name));
}

std::optional<NamedSymbol> symbol_of_address(Term word) {
  const Node& node = word.node();
  if (node.kind != NodeKind::variable || !node.name.starts_with(symbol_prefix)) return std::nullopt;
  const bool is_weak = node.name.starts_with(weak_prefix);
  return NamedSymbol{node.name.substr((is_weak ? weak_prefix : symbol_prefix).size()), is_weak};
}

std::expected<std::variant<Term, Location>, AccessFault> access_file(
    const FileAccess& access, const Regions& regions, const std::vector<Formula>& path,
    const OwnMemory& memory, Solver& solver) {
  if (memory) return Lookup(access, regions, path, memory(), solver).run();
  return std::unexpected(
      AccessFault{fmt::format("a {} at {:#x} outside every region: {}", name_of_access(access),
                              access.instruction, access.why_no_region),
                  std::nullopt});
}

}  // namespace fiberproof::verify
