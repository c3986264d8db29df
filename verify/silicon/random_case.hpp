// One instruction with the state that it starts in, chosen from two numbers: a seed and an index.
// The same two give the same case, whatever has run before.
//
// Values are biased to where instructions differ: boundaries of each width, small numbers, operands
// that are equal. Registers of a memory operand are then set so that it lies within the window.
#pragma once

#include "verify/silicon/form.hpp"
#include "verify/silicon/native_cpu.hpp"
#include "verify/silicon/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

constexpr std::size_t window_bytes = 256;

// Where a case runs: encodings and operands depend on it.
struct Surroundings {
  std::uint64_t instruction_address;
  std::array<std::uint64_t, 2> landings;
  std::uint64_t window_address;
  std::uint64_t fs_base;  // as the process has it: it is not changed
};

struct RandomCase {
  std::string form;  // its name, or "given bytes"
  std::vector<std::byte> code;
  CpuState state;
  std::array<std::byte, window_bytes> window;
};

/// An error names the form that Zydis cannot encode.
[[nodiscard]] std::expected<RandomCase, std::string> make_case(const Form& form,
                                                               const Surroundings& surroundings,
                                                               std::uint64_t seed,
                                                               std::uint64_t index);

/// The same with given choices; they may be one.
[[nodiscard]] std::expected<RandomCase, std::string> make_case(const Form& form,
                                                               const Surroundings& surroundings,
                                                               Random& operands, Random& state);

/// Random bytes that decode() accepts, on a state that they can run in: also what no encoder makes,
/// such as useless prefixes and second encodings. Nothing if they are refused, or if no register is
/// free to lead an operand into the window.
std::optional<RandomCase> make_encoding_case(const Surroundings& surroundings, std::uint64_t seed,
                                             std::uint64_t index);

/// The same for the instruction at the beginning of `code`. Of a direct jump the distance is
/// changed, so that it lands.
std::optional<RandomCase> make_encoding_case(const Surroundings& surroundings,
                                             std::span<const std::byte> code, Random& operands,
                                             Random& state);

}  // namespace fiberproof::verify
