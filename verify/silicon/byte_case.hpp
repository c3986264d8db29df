// Any byte string as a case: how a fuzzing engine chooses instruction, operands and state.
//
// Where the lowest bit of the first byte is set, an instruction follows. Where it is not, or where
// nothing can be made of that instruction, the number of a form follows (two bytes, the higher one
// first, modulo the number of forms). Of what is left the first 32 bytes choose operands, the
// others registers, flags and memory (random.hpp); where the bytes end, the choices are those of
// seed 0.
#pragma once

#include "verify/silicon/random_case.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace fiberproof::verify {

/// The same bytes give the same case. An error as of make_case.
std::expected<RandomCase, std::string> make_case_of_bytes(const Surroundings& surroundings,
                                                          std::span<const std::byte> bytes);

}  // namespace fiberproof::verify
