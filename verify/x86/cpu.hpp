// The interface between step() and a CPU: sixteen registers, six status flags, modes and a memory,
// with numbers or terms as values; and where step() says that control goes.
//
// load and store do not fail: a CPU records an impossible access itself, and its owner checks after
// each step.
#pragma once

#include "verify/smt/word.hpp"
#include "verify/x86/instruction.hpp"

#include <concepts>
#include <cstdint>
#include <variant>

namespace fiberproof::verify {

template <class Bit>
struct Flags {
  Bit cf, pf, af, zf, sf, of;
};

enum class Flag : std::uint8_t { cf, pf, af, zf, sf, of };

/// Modes of later computations: psABI 3.2.1 says what a call does to them, S4 what a switch does.
template <class Word, class Bit>
struct Modes {
  Word mxcsr;        ///< 16 bits, those above are reserved: status in the lowest six, then control
  Word x87_control;  ///< 16 bits
  Bit df;            ///< the direction flag
};

/// SDM vol. 1, figure 10-3. ldmxcsr faults on a value with any other bit set.
inline constexpr std::uint64_t mxcsr_control_bits = 0xffc0;
inline constexpr std::uint64_t mxcsr_bits = 0xffff;
/// SDM vol. 1, figure 8-6. One of the other bits is always set; none of them can change.
inline constexpr std::uint64_t x87_control_bits = 0x1f3f;
inline constexpr std::uint64_t x87_control_always = 0x0040;
inline constexpr std::uint64_t x87_exception_masks = 0x3f;
/// SDM vol. 1, figure 8-9: the control word is the first.
inline constexpr unsigned x87_environment_bytes = 28;

template <class M>
concept Cpu = WordAlgebra<typename M::Word, typename M::Bit> &&
              requires(M m, Register reg, Flag flag, typename M::Word word, typename M::Bit bit,
                       unsigned bytes) {
                // All 64 bits of a register.
                { m.read(reg) } -> std::convertible_to<typename M::Word>;
                m.write(reg, word);
                { m.flags() } -> std::same_as<Flags<typename M::Bit>&>;
                { m.modes() } -> std::same_as<Modes<typename M::Word, typename M::Bit>&>;
                // The value of a flag that the SDM leaves undefined: in a proof, any value.
                { m.unknown_bit(flag) } -> std::same_as<typename M::Bit>;
                // The same where `bit` holds, else the given value.
                { m.unknown_bit_where(bit, flag, bit) } -> std::same_as<typename M::Bit>;
                // The value of a register that an instruction leaves undefined where `bit`
                // holds, else `word`.
                { m.unknown_word_where(bit, reg, word) } -> std::same_as<typename M::Word>;
                // `bytes` is 1, 2, 4 or 8; load zero-extends, store writes the lowest bytes.
                { m.load(word, bytes) } -> std::same_as<typename M::Word>;
                m.store(word, word, bytes);
                // Stores bytes of which nothing is known, any number of them.
                m.store_unknown(word, bytes);
                { m.fs_base() } -> std::convertible_to<typename M::Word>;
              };

struct Next {};
struct Jump {
  std::uint64_t target;
};
template <class Word>
struct IndirectJump {
  Word target;
};
/// To `taken` if the condition holds, else to the next instruction.
template <class Bit>
struct Branch {
  Bit condition;
  std::uint64_t taken;
};
/// The return address has been pushed.
struct Call {
  std::uint64_t target;
  std::uint64_t return_address;
};
template <class Word>
struct IndirectCall {
  Word target;
  std::uint64_t return_address;
};
/// The return address has been popped.
template <class Word>
struct Return {
  Word target;
};
/// ud2 or int3.
struct Trap {};
/// The operating system acts, and control continues at the next instruction. What it changes is for
/// the owner of the CPU to say; RAX, RCX and R11 are not the caller's any more (psABI A.2.1).
struct SystemCall {};
/// To the next instruction if the condition holds, else a fault (#GP); the CPU's state is as if it
/// held.
template <class Bit>
struct Guarded {
  Bit condition;
};

template <class Word, class Bit>
using Control = std::variant<Next, Jump, IndirectJump<Word>, Branch<Bit>, Call, IndirectCall<Word>,
                             Return<Word>, SystemCall, Trap, Guarded<Bit>>;

}  // namespace fiberproof::verify
