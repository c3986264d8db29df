// The code of one object file, decoded where control comes to it: functions that a routine calls or
// jumps to, its parts that a compiler put elsewhere, and what an entry of the procedure linkage
// table goes on to.
#pragma once

#include "verify/machine/object_file.hpp"
#include "verify/machine/paths.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Where an address of the file is executed: a position-independent one far above 4 GiB, where the
/// loader puts it, so that an address cut to 32 bits is not the same address.
std::uint64_t load_address(const ObjectFile& file, std::uint64_t address);

/// The instructions of a routine at load_address(). Fails where one is not on the allow list, or
/// where a relocation filled in more than an operand of one: then they are what this placement made
/// them.
std::expected<Code, std::string> decode_routine(const ObjectFile& file, std::string name,
                                                const Routine& routine);

class CodeLibrary {
 public:
  /// `file` must outlive it.
  explicit CodeLibrary(const ObjectFile& file) : file_(&file) {}

  /// As CodeFinder says. A jump comes to a function's first byte only, or between two parts of one.
  std::expected<FoundCode, std::string> find(std::uint64_t address, const Code& from);

  /// The symbol whose function an entry of the procedure linkage table (PLT) at this address goes
  /// on to.
  std::optional<std::string_view> symbol_of_plt_entry(std::uint64_t address) const;

  /// What has been found so far, by address.
  const std::map<std::uint64_t, Code>& found() const { return found_; }

 private:
  std::expected<FoundCode, std::string> function_at(std::uint64_t address, const Code& from);
  bool is_part_of_same(const Symbol& symbol, const Code& from) const;

  const ObjectFile* file_;
  std::map<std::uint64_t, Code> found_;
};

}  // namespace fiberproof::verify
