// Any byte string as a case: a fuzzer chooses instruction, operands and state.
//
// If the lowest bit of the first byte is set, an instruction follows. If it is clear, or the
// instruction is of no use, the number of a form follows (two bytes, the higher one first, modulo
// the number of forms). The next 32 bytes choose operands, the rest registers, flags and memory
// (random.hpp); after the last byte the choices are those of seed 0.
#pragma once

#include "verify/silicon/random_case.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace fiberproof::verify {

/// The same bytes give the same case. An error as of make_case.
[[nodiscard]] std::expected<RandomCase, std::string> make_case_of_bytes(
    const Surroundings& surroundings, std::span<const std::byte> bytes);

}  // namespace fiberproof::verify
