// Oracles of the fuzz target `object`: they compare the answers of the reader and the decoder with
// the promises of their headers and with each other, for any input. A violated oracle prints one
// report, with the question and the answer, and aborts.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Prints the report of a violated oracle, and aborts.
[[noreturn]] void report_violation(std::string_view oracle, const std::string& detail);

/// Whether a terminal shows it as one line.
bool is_one_line(std::string_view text);

/// An instruction or an error as text, for comparison.
std::string describe(const std::expected<Instruction, DecodeError>& decoded);

/// Decodes the first instruction of `code`: its own claims hold, and it depends on exactly its own
/// bytes.
[[nodiscard]] std::expected<Instruction, DecodeError> decode_checked(
    std::uint64_t address, std::span<const std::byte> code);

/// Reads `input` as an object file and asks every query: the answers agree with each other and with
/// the decoded routines.
void check_object_file(std::span<const std::byte> input);

/// The same bytes give the same answers, also when unrelated bytes follow.
void check_determinism(std::span<const std::byte> input);

/// Decodes `input` as code at each of its first bytes.
void check_decoder(std::span<const std::byte> input);

}  // namespace fiberproof::verify
