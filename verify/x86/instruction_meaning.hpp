// The allow list of instruction.cpp, the only file that includes this: which of Zydis's mnemonics
// have a meaning here, and which prefixes change nothing.
#pragma once

#include "verify/x86/instruction.hpp"

#include <Zydis/Zydis.h>

#include <optional>
#include <string>

namespace fiberproof::verify {

struct Meaning {
  Operation operation;
  Condition condition = Condition::o;
};

/// Returns nothing if the mnemonic, or its encoding (legacy, VEX), has no meaning here.
std::optional<Meaning> meaning_of(const ZydisDecodedInstruction& instruction);

/// Why a prefix of `instruction` cannot be skipped, or nothing.
std::optional<std::string> refused_prefix(const ZydisDecodedInstruction& instruction,
                                          Operation operation);

}  // namespace fiberproof::verify
