#include "core/tests/unwind/instructions.hpp"

#include <Zydis/Zydis.h>

namespace fiberproof::unwind {
namespace {

constexpr std::size_t trampoline_bytes_max = 256;  // ends at its ud2, long before

}  // namespace

std::vector<std::uint64_t> instruction_addresses(std::span<const std::byte> code) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  std::vector<std::uint64_t> addresses;
  ZydisDecodedInstruction instruction;
  while (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data(), code.size(),
                                                    &instruction)) &&
         instruction.mnemonic != ZYDIS_MNEMONIC_UD2) {
    addresses.push_back(reinterpret_cast<std::uint64_t>(code.data()));
    code = code.subspan(instruction.length);
  }
  return addresses;
}

std::vector<std::uint64_t> trampoline_addresses(StartRoutine* trampoline) {
  return instruction_addresses(
      {reinterpret_cast<const std::byte*>(trampoline), trampoline_bytes_max});
}

}  // namespace fiberproof::unwind
