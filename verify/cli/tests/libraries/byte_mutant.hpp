// Changes the bytes of one instruction in a copy of a file: a wrong offset, another register, a
// store that is left out. The instruction is found by what it does, so that the same mutant can be
// made of each version of a library.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

using IsInstruction = std::function<bool(const Instruction&)>;

IsInstruction is_of(Operation operation);
/// A store of the register, or a load into it, by mov.
IsInstruction stores(Register name);
IsInstruction loads(Register name);
/// An instruction whose only operand is the register, or whose first is it and the second a number.
IsInstruction is_of(Operation operation, Register name);
/// A move between registers.
IsInstruction moves(Register to, Register from);

enum class ByteChange {
  leave_out,       ///< no-ops in its place
  add_8,           ///< to the displacement
  other_register,  ///< the one beside it
  add_1            ///< to the last byte, that of a number
};

struct ByteMutant {
  const char* name;
  IsInstruction is_changed;  ///< the first in the routine
  ByteChange change;
};

/// The bytes of a routine in a file, and where they begin.
struct RoutineBytes {
  std::string path;
  std::size_t offset = 0;
  std::vector<std::byte> bytes;
};

/// Finds a routine's bytes in the file, which must have them once; relocated ones may be any.
[[nodiscard]] std::expected<RoutineBytes, std::string> routine_bytes(const std::string& path,
                                                                     const Routine& routine);

/// Writes a copy of the file with the mutant in it. An error if no instruction is to be changed, or
/// it has no such part.
[[nodiscard]] std::expected<void, std::string> write_mutant(const RoutineBytes& routine,
                                                            const ByteMutant& mutant,
                                                            const std::string& path);

}  // namespace fiberproof::verify
