// The byte code of one declaration and of one step, for generate_program and encode, and
// for mutate, which decodes random bytes. Decoding is total, and its results are valid.
#pragma once

#include "fuzz/program/program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// As many stacks and functions have a code. A program with more loses them where it is encoded,
/// and of the steps beside the store those numbers that the code has no room for.
inline constexpr std::size_t coded_stacks = 4;
inline constexpr std::size_t coded_functions = 4;

using DeclarationCode = std::array<std::uint8_t, 4>;
using StepCode = std::array<std::uint8_t, 11>;

StackShape decode_stack(const DeclarationCode& code);
DeclarationCode encode(const StackShape& stack);

/// On input `program` has its stacks: some arities are those that just fit one of them.
Signature decode_function(const DeclarationCode& code, const Program& program);
DeclarationCode encode(const Signature& function);
/// A function near to this one whose code is exact.
Signature codable(const Signature& function);

/// On input `program` has its declarations, and `steps_before` steps come before this one.
Step decode_step(const StepCode& code, const Program& program, std::size_t steps_before);

/// The same with the kind given; the byte that encodes it is ignored.
Step decode_step(Step::Kind kind, const StepCode& code, const Program& program,
                 std::size_t steps_before);
/// A step that ends the process, and a collect, is encoded as a walk, since no bytes decode to it.
StepCode encode(const Step& step);

/// A program of `bytes` with another code of steps; the same the other way round (generate.hpp).
using StepDecoder = Step (*)(const StepCode& code, const Program& program,
                             std::size_t steps_before);
using StepEncoder = StepCode (*)(const Step& step);
void decode_program(std::span<const std::uint8_t> bytes, Program& program, StepDecoder decode);
std::size_t encode_program(const Program& program, std::span<std::uint8_t> bytes,
                           StepEncoder encode_step);

/// The largest arity for which the layout and the headroom (L5, L8) fit on `stack`, give or take
/// `difference`, within the bounds of the language.
std::uint16_t fitting_arity(const StackShape& stack, int difference);

/// `count` give or take `difference`, within 0 and `max`.
std::uint16_t near(std::uint32_t count, int difference, std::uint16_t max);

}  // namespace fiberproof::fuzz
