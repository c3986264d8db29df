// The code of declarations: each field has its place, most values of the first byte encode what is
// likely to matter, and a few, the escapes, exact numbers.
#include "fuzz/generate/byte_code.hpp"
#include "fuzz/generate/code_parts.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace fiberproof::fuzz {
namespace {

// The escape of declarations. Rare, since a stack of a new size must be mapped, and many values
// cost as much as many steps.
constexpr std::uint8_t escape_pooled = 0xf6;
constexpr std::uint8_t escape_supplied = 0xf8;
constexpr std::uint8_t escape_function = 0xfd;
/// An arity beyond 12 bits, in units.
constexpr std::uint8_t escape_wide_params = 0xfe;
constexpr std::uint8_t escape_wide_returns = 0xff;
constexpr std::uint32_t wide_arity_unit = 16;

/// Exact sizes of supplied memory are numbered from these on; what is left of 16 bits
/// are the sizes below, hardly a stack.
constexpr std::uint64_t supplied_bytes_min = 32;
constexpr std::uint64_t supplied_sizes = program_bounds::supplied_bytes - supplied_bytes_min + 1;
static_assert(supplied_sizes + supplied_bytes_min == 1u << 16);
// Stacks beyond an address space have one of the bytes for an exact size that encode() does not
// use. They are rare, since a rejected stack leads nowhere.
constexpr std::uint8_t escape_beyond = 0xf7;
constexpr std::uint8_t beyond_from = 0xe0;  ///< of the last byte
constexpr std::uint32_t beyond_sizes =
    program_bounds::beyond_bits_max - program_bounds::beyond_bits_min + 1;

}  // namespace

std::uint16_t fitting_arity(const StackShape& stack, int difference) {
  constexpr std::uint64_t fixed_bytes = spec::return_count_below + spec::headroom_bytes;
  const std::uint64_t usable = usable_bytes_of(stack);
  const std::uint64_t fit = usable < fixed_bytes ? 0 : (usable - fixed_bytes) / spec::value_bytes;
  return near(static_cast<std::uint16_t>(std::min<std::uint64_t>(fit, program_bounds::arity)),
              difference, program_bounds::arity);
}

StackShape decode_stack(const DeclarationCode& code) {
  constexpr std::array<std::uint64_t, 8> pages = {16, 16, 16, 16, 16, 8, 1, 32};
  const std::uint64_t pair = code[1] | std::uint64_t{code[2]} << 8;
  const std::uint32_t offset = code[3] % (supplied_offset_max + 1);
  if (code[0] >= escape_supplied) {
    return {StackShape::Kind::supplied, offset,
            pair < supplied_sizes ? supplied_bytes_min + pair : pair - supplied_sizes};
  }
  if (code[0] >= escape_pooled) {
    constexpr std::uint64_t min = spec::page_bytes;
    constexpr std::uint64_t sizes = program_bounds::made_bytes - min + 1;
    if (code[0] == escape_beyond && code[3] >= beyond_from) {
      return stack_beyond(program_bounds::beyond_bits_min + code[1] % beyond_sizes);
    }
    return {StackShape::Kind::mapped, 0, min + (pair | std::uint64_t{code[3]} << 16) % sizes};
  }
  if (code[0] < 0xa0) {
    return {StackShape::Kind::mapped, 0, pages[code[0] % pages.size()] * spec::page_bytes};
  }
  // From just too small for any body to just large enough; or with room for many steps.
  constexpr std::uint64_t tight = spec::return_count_below + spec::headroom_bytes;
  return {StackShape::Kind::supplied, offset,
          code[0] < 0xb8 ? tight - 32 + pair % 512 : 20 * 1024 + pair % 0xa000};
}

DeclarationCode encode(const StackShape& stack) {
  const bool supplied = stack.kind == StackShape::Kind::supplied;
  if (is_beyond(stack)) {
    const auto bits = static_cast<std::uint32_t>(std::bit_width(stack.bytes));
    return {escape_beyond, static_cast<std::uint8_t>(bits - program_bounds::beyond_bits_min), 0,
            beyond_from};
  }
  std::uint64_t number =
      std::clamp(stack.bytes, spec::page_bytes, program_bounds::made_bytes) - spec::page_bytes;
  if (supplied) {
    number = stack.bytes < supplied_bytes_min ? supplied_sizes + stack.bytes
                                              : stack.bytes - supplied_bytes_min;
  }
  return {supplied ? escape_supplied : escape_pooled, static_cast<std::uint8_t>(number),
          static_cast<std::uint8_t>(number >> 8),
          static_cast<std::uint8_t>(supplied ? stack.offset : number >> 16)};
}

Signature decode_function(const DeclarationCode& code, const Program& program) {
  if (code[0] >= escape_function) {
    if (code[0] != escape_function) {
      const std::uint32_t units = code[1] | std::uint32_t{code[3]} << 8;
      const std::uint32_t many = std::min(units * wide_arity_unit, program_bounds::wide_arity);
      return code[0] == escape_wide_params ? Signature{many, code[2]} : Signature{code[2], many};
    }
    return {code[1] | std::uint32_t{low(code[3])} << 8,
            code[2] | std::uint32_t{high(code[3])} << 8};
  }
  const std::uint32_t few = code[1] % 4;
  const std::uint32_t other = code[2] % 4;
  if (code[0] < 0xe8) {
    return {few, other};
  }
  if (code[0] < 0xee) {
    return {code[1], code[2]};
  }
  const StackShape& stack = program.stacks[code[3] % program.stacks.size()];
  const std::uint32_t fit = fitting_arity(stack, code[0] % 3 - 1);
  return code[0] < 0xf6 ? Signature{fit, other} : Signature{few, fit};
}

Signature codable(const Signature& function) {
  constexpr std::uint32_t few_max = 255;
  const auto whole_units = [](std::uint32_t many) {
    many = std::min(many, program_bounds::wide_arity);
    return many - many % wide_arity_unit;
  };
  if (function.params > program_bounds::arity) {
    return {whole_units(function.params), std::min(function.returns, few_max)};
  }
  if (function.returns > program_bounds::arity) {
    return {std::min(function.params, few_max), whole_units(function.returns)};
  }
  return function;
}

DeclarationCode encode(const Signature& function) {
  const auto [params, returns] = codable(function);
  const std::uint32_t many = std::max(params, returns);
  if (many > program_bounds::arity) {
    const std::uint32_t units = many / wide_arity_unit;
    return {many == params ? escape_wide_params : escape_wide_returns,
            static_cast<std::uint8_t>(units), static_cast<std::uint8_t>(std::min(params, returns)),
            static_cast<std::uint8_t>(units >> 8)};
  }
  return {escape_function, static_cast<std::uint8_t>(params), static_cast<std::uint8_t>(returns),
          join(static_cast<std::uint8_t>(params >> 8), static_cast<std::uint8_t>(returns >> 8))};
}

}  // namespace fiberproof::fuzz
