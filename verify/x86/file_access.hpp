// An access to an address that is no sum over a region's base: what the file's own memory holds
// there, a region whose base the path pins to a number, or a fault with its reason.
//
// That such an access goes astray is told as a condition on the state, never as a guess: in a state
// that meets it, no region of the contract and no memory of the file is at the address, or a store
// goes to memory that nobody can write.
#pragma once

#include "verify/smt/memory.hpp"
#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"
#include "verify/x86/constant_memory.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fiberproof::verify {

/// Made when it is first asked for: few routines look at the file's memory.
using OwnMemory = std::function<const ConstantMemory&()>;

/// The address of a symbol that another file may define, as a word.
Term address_of_symbol(std::string_view name, bool is_weak);

struct NamedSymbol {
  std::string name;
  bool is_weak;  ///< it may have no definition, and the address 0
};
/// The symbol whose address the word is, if it is one.
std::optional<NamedSymbol> symbol_of_address(Term word);

struct AccessFault {
  std::string reason;
  /// Holds in the states in which the access is known to go astray; nothing where no state is.
  std::optional<Formula> is_astray;
};

struct FileAccess {
  std::uint64_t instruction;
  Term address;
  unsigned bytes;
  bool is_store;
  std::string why_no_region;
};

/// The value that a load gives, the place in a region that it is at after all, or a fault.
std::expected<std::variant<Term, Location>, AccessFault> access_file(
    const FileAccess& access, const Regions& regions, const std::vector<Formula>& path,
    const OwnMemory& memory, Solver& solver);

}  // namespace fiberproof::verify
