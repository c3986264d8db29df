// The addresses of the instructions of a piece of this program's code, as Zydis decodes them.
#pragma once

#include "core/initialize.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof::unwind {

/// Addresses in ascending order, up to the first ud2 or the end of the code; what cannot be decoded
/// ends it, too.
std::vector<std::uint64_t> instruction_addresses(std::span<const std::byte> code);

/// The same for an entry trampoline: all of its instructions but the ud2 after the last jump.
std::vector<std::uint64_t> trampoline_addresses(StartRoutine* trampoline);

}  // namespace fiberproof::unwind
