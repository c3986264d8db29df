// The code of one object file, decoded where control reaches it: functions that a routine calls or
// jumps to, parts that a compiler placed elsewhere (with or without a symbol), and the code behind
// a function's last instruction.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/paths.hpp"
#include "verify/x86/place_name.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Decodes the instructions of a routine at load_address(). A call or jump through a word that no
/// code can change goes directly to the word's value. Fails at an instruction outside the allow
/// list, and at a relocation that filled in more than an operand: then the instructions depend on
/// this placement.
[[nodiscard]] std::expected<Code, std::string> decode_routine(const ObjectFile& file,
                                                              std::string name,
                                                              const Routine& routine);

class CodeLibrary {
 public:
  /// `file` must outlive it.
  explicit CodeLibrary(const ObjectFile& file) : file_(&file) {}

  /// As CodeFinder. A call must reach the first byte of a function; a jump may reach any code.
  [[nodiscard]] std::expected<FoundCode, std::string> find(std::uint64_t address, Arrival arrival);

  /// The code outside `code` that its jumps can reach, transitively, as far as the file has it;
  /// fails where it does not. Callees are not included.
  [[nodiscard]] std::expected<std::vector<const Code*>, std::string> parts_of(const Code& code);

  /// The code found so far, by address.
  const std::map<std::uint64_t, Code>& found() const { return found_; }

 private:
  const Code* found_at(std::uint64_t address) const;
  const Code* function_at(std::uint64_t address);
  [[nodiscard]] std::expected<const Code*, std::string> run_at(std::uint64_t address);

  const ObjectFile* file_;
  std::map<std::uint64_t, Code> found_;
};

}  // namespace fiberproof::verify
