// The code of one object file, decoded where control comes to it: functions that a routine calls or
// jumps to, parts that a compiler put elsewhere, also where no symbol covers them, and what lies
// behind a function's last instruction.
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

/// The instructions of a routine at load_address(). A call or jump through a word that no code can
/// change goes directly to what the word holds. Fails where one is not on the allow list, or where
/// a relocation filled in more than an operand of one: then they are what this placement made them.
std::expected<Code, std::string> decode_routine(const ObjectFile& file, std::string name,
                                                const Routine& routine);

class CodeLibrary {
 public:
  /// `file` must outlive it.
  explicit CodeLibrary(const ObjectFile& file) : file_(&file) {}

  /// As CodeFinder says. A call comes to a function's first byte only; a jump to any code.
  std::expected<FoundCode, std::string> find(std::uint64_t address, Arrival arrival);

  /// The code that jumps of `code` can come to outside it, and those of that code in turn, as far
  /// as the file has it: an error says where it does not. What is called is not among it.
  std::expected<std::vector<const Code*>, std::string> parts_of(const Code& code);

  /// What has been found so far, by address.
  const std::map<std::uint64_t, Code>& found() const { return found_; }

 private:
  const Code* found_at(std::uint64_t address) const;
  const Code* function_at(std::uint64_t address);
  std::expected<const Code*, std::string> run_at(std::uint64_t address);

  const ObjectFile* file_;
  std::map<std::uint64_t, Code> found_;
};

}  // namespace fiberproof::verify
