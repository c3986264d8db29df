// The algebra that step() computes with: a Word of 64 bits and a Bit, a truth value. This file
// lists the functions that step() needs of them, and defines them for the pair that runs natively,
// std::uint64_t and bool. A solver's terms are another such pair; their functions stand beside
// their types in this namespace.
//
// The list is complete: narrower operations are computed on 64 bits and masked with constants.
//
//   a + b   a - b   a & b   a | b   a ^ b   ~a      modulo 2^64
//   constant<Word>(u64)   constant_bit<Bit>(bool)   explicit specialisations
//   shift_left(a, n)   shift_right(a, n)            zeros come in; 0 <= n < 64
//   multiply(a, b)   multiply_high(a, b)            both halves of the unsigned product
//   equal(a, b)   less(a, b)                        Bit; less compares unsigned
//   bit_of(a, i)                                    Bit number i, 0 the lowest
//   select(bit, a, b)                               a where bit is true
//   logical_and   logical_or   logical_xor   logical_not
#pragma once

#include <concepts>
#include <cstdint>

namespace fiberproof::verify {

template <class Word>
Word constant(std::uint64_t value);
template <>
inline std::uint64_t constant<std::uint64_t>(std::uint64_t value) {
  return value;
}

template <class Bit>
Bit constant_bit(bool value);
template <>
inline bool constant_bit<bool>(bool value) {
  return value;
}

constexpr std::uint64_t shift_left(std::uint64_t a, unsigned count) {
  return a << count;
}
constexpr std::uint64_t shift_right(std::uint64_t a, unsigned count) {
  return a >> count;
}

constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  return a * b;
}
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{a} * Wide{b}) >> 64);
}

constexpr bool equal(std::uint64_t a, std::uint64_t b) {
  return a == b;
}
constexpr bool less(std::uint64_t a, std::uint64_t b) {
  return a < b;
}
constexpr bool bit_of(std::uint64_t a, unsigned index) {
  return ((a >> index) & 1) != 0;
}
constexpr std::uint64_t select(bool bit, std::uint64_t a, std::uint64_t b) {
  return bit ? a : b;
}

constexpr bool logical_and(bool a, bool b) {
  return a && b;
}
constexpr bool logical_or(bool a, bool b) {
  return a || b;
}
constexpr bool logical_xor(bool a, bool b) {
  return a != b;
}
constexpr bool logical_not(bool a) {
  return !a;
}

template <class Word, class Bit>
concept WordAlgebra = requires(const Word a, const Bit p, unsigned n) {
  { a + a } -> std::convertible_to<Word>;
  { a - a } -> std::convertible_to<Word>;
  { a& a } -> std::convertible_to<Word>;
  { a | a } -> std::convertible_to<Word>;
  { a ^ a } -> std::convertible_to<Word>;
  { ~a } -> std::convertible_to<Word>;
  { constant<Word>(0) } -> std::same_as<Word>;
  { constant_bit<Bit>(false) } -> std::same_as<Bit>;
  { shift_left(a, n) } -> std::same_as<Word>;
  { shift_right(a, n) } -> std::same_as<Word>;
  { multiply(a, a) } -> std::same_as<Word>;
  { multiply_high(a, a) } -> std::same_as<Word>;
  { equal(a, a) } -> std::same_as<Bit>;
  { less(a, a) } -> std::same_as<Bit>;
  { bit_of(a, n) } -> std::same_as<Bit>;
  { select(p, a, a) } -> std::same_as<Word>;
  { logical_and(p, p) } -> std::same_as<Bit>;
  { logical_or(p, p) } -> std::same_as<Bit>;
  { logical_xor(p, p) } -> std::same_as<Bit>;
  { logical_not(p) } -> std::same_as<Bit>;
};

static_assert(WordAlgebra<std::uint64_t, bool>);

}  // namespace fiberproof::verify
