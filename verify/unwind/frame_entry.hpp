// One entry of `.eh_frame` and its call frame instructions (DWARF 5, 6.4.2), read for the one
// question that libdw does not answer: what the file itself says of a register, and where it says
// nothing.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <vector>

namespace fiberproof::verify {

class FrameEntry {
 public:
  /// The entry for an address of a linked file. Fails if there is none, or if an earlier one is
  /// unreadable: a pointer encoding other than DW_EH_PE_pcrel | DW_EH_PE_sdata4, which linkers
  /// write, or an instruction unknown to DWARF.
  [[nodiscard]] static std::expected<FrameEntry, ObjectError> find(const ObjectFile& file,
                                                                   std::uint64_t address);

  /// Whether the register becomes undefined before the first advance of the location, and no other
  /// instruction of the entry concerns it. The answer is no for an entry that restores anything,
  /// since restoring is not modelled.
  bool is_undefined_throughout(std::uint64_t reg) const;

  /// Whether any instruction of the entry is about the register's value in the caller.
  bool mentions(std::uint64_t reg) const;

 private:
  // One call frame instruction, as far as the queries need it.
  struct Instruction {
    std::uint8_t code;
    bool is_about_a_register;
    std::uint64_t reg;
  };
  class Reader;

  std::vector<Instruction> instructions_;  // those of its CIE, then its own
};

}  // namespace fiberproof::verify
