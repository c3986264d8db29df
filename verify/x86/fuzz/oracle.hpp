// What the fuzz target `object` asks of the reader and of the decoder. These oracles hold the
// answers against what the headers promise and against each other, whatever the input is. A
// violated one prints one report, with what was asked and what came, and aborts.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Prints the one report of a violated oracle, and aborts.
[[noreturn]] void report_violation(std::string_view oracle, const std::string& detail);

/// Whether a terminal shows it as one line.
bool is_one_line(std::string_view text);

/// Everything that an instruction or an error says, to be compared.
std::string describe(const std::expected<Instruction, DecodeError>& decoded);

/// Decodes the first instruction of `code`: what it says of itself holds, its bytes alone decide,
/// and it needs all of them.
std::expected<Instruction, DecodeError> decode_checked(std::uint64_t address,
                                                       std::span<const std::byte> code);

/// Reads `input` as an object file and asks it every query: the answers agree with each other and
/// with what its routines decode to.
void check_object_file(std::span<const std::byte> input);

/// The same bytes give the same answers, also where others follow them that nothing points to.
void check_determinism(std::span<const std::byte> input);

/// Takes `input` for code, and decodes at each of its first bytes.
void check_decoder(std::span<const std::byte> input);

}  // namespace fiberproof::verify
