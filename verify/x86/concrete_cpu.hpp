// A CPU on numbers, with one window of memory: step() runs on it beside the real CPU.
//
// It records which flags, registers and bytes the latest instructions left undefined, since no
// number can say so, and the first access outside its window. After a fault its state is
// meaningless.
#pragma once

#include "verify/x86/cpu.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace fiberproof::verify {

class ConcreteCpu {
 public:
  using Word = std::uint64_t;
  using Bit = bool;

  struct Fault {
    std::uint64_t address;
    unsigned bytes;
  };

  /// The window [address, address + memory.size()); the bytes stay the caller's.
  ConcreteCpu(std::uint64_t address, std::span<std::byte> memory)
      : memory_address_(address), memory_(memory) {}

  Word read(Register reg) const { return registers_[static_cast<std::size_t>(reg)]; }
  void write(Register reg, Word value) { registers_[static_cast<std::size_t>(reg)] = value; }

  Flags<Bit>& flags() { return flags_; }
  Modes<Word, Bit>& modes() { return modes_; }

  Bit unknown_bit(Flag flag) {
    undefined_ |= mask(flag);
    return false;
  }

  Bit unknown_bit_where(Bit condition, Flag flag, Bit otherwise) {
    return condition ? unknown_bit(flag) : otherwise;
  }

  Word unknown_word_where(Bit condition, Register reg, Word otherwise) {
    if (condition) {
      undefined_registers_ |= 1u << static_cast<unsigned>(reg);
    }
    return condition ? 0 : otherwise;
  }

  Word load(Word address, unsigned bytes) {
    Word value = 0;
    if (const std::byte* const at = locate(address, bytes)) {
      std::memcpy(&value, at, bytes);
    }
    return value;
  }
  void store(Word address, Word value, unsigned bytes) {
    if (std::byte* const at = locate(address, bytes)) {
      std::memcpy(at, &value, bytes);
    }
  }

  void store_unknown(Word address, unsigned bytes) {
    for (unsigned at = 0; at < bytes; ++at) store(address + at, 0, 1);
    undefined_memory_ = Fault{address, bytes};
  }

  Word fs_base() const { return fs_base_; }
  void set_fs_base(Word base) { fs_base_ = base; }

  /// The bytes that the latest instruction left undefined.
  const std::optional<Fault>& undefined_memory() const { return undefined_memory_; }

  bool is_undefined(Flag flag) const { return (undefined_ & mask(flag)) != 0; }
  bool is_undefined(Register reg) const {
    return ((undefined_registers_ >> static_cast<unsigned>(reg)) & 1) != 0;
  }
  void forget_undefined() {
    undefined_ = 0;
    undefined_registers_ = 0;
    undefined_memory_ = std::nullopt;
  }

  const std::optional<Fault>& fault() const { return fault_; }

 private:
  static constexpr unsigned mask(Flag flag) { return 1u << static_cast<unsigned>(flag); }

  std::byte* locate(Word address, unsigned bytes) {
    const Word offset = address - memory_address_;
    if (bytes > sizeof(Word) || offset > memory_.size() || memory_.size() - offset < bytes) {
      fault_ = fault_.value_or(Fault{address, bytes});
      return nullptr;
    }
    return memory_.data() + offset;
  }

  std::array<Word, register_count> registers_{};
  Flags<Bit> flags_{};
  Modes<Word, Bit> modes_{};
  unsigned undefined_ = 0;
  unsigned undefined_registers_ = 0;
  std::optional<Fault> undefined_memory_;
  Word fs_base_ = 0;
  std::uint64_t memory_address_;
  std::span<std::byte> memory_;
  std::optional<Fault> fault_;
};

static_assert(Cpu<ConcreteCpu>);

}  // namespace fiberproof::verify
