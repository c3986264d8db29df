#include "verify/object/object_format.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace fiberproof::verify {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  const char* format;
};

constexpr const char* mach_o = "a Mach-O file, as macOS has them: give an ELF file for x86-64";
constexpr const char* universal =
    "a Mach-O file for several architectures, as macOS has them: give an ELF file for x86-64";
constexpr const char* llvm_bitcode =
    "LLVM bitcode (LTO), not machine code: link it first, or compile with -ffat-lto-objects or "
    "-fno-lto";

constexpr std::array magics{
    Magic{"BC\xc0\xde"sv, llvm_bitcode},
    Magic{"\xde\xc0\x17\x0b"sv, llvm_bitcode},  // with a wrapper around it
    Magic{"\xfe\xed\xfa\xce"sv, mach_o},
    Magic{"\xfe\xed\xfa\xcf"sv, mach_o},
    Magic{"\xce\xfa\xed\xfe"sv, mach_o},
    Magic{"\xcf\xfa\xed\xfe"sv, mach_o},
    Magic{"\xca\xfe\xba\xbf"sv, universal},
    Magic{"\xbe\xba\xfe\xca"sv, universal},
    Magic{"MZ"sv, "a PE file, as Windows has them: give an ELF file for x86-64"},
    Magic{"\0asm"sv, "a WebAssembly module: compile it to machine code first"},
    Magic{"rust\0\0\0"sv, "Rust's metadata of a library, which has no code"},
    Magic{"!<arch>\n"sv, "an archive within the archive: extract it with ar x"},
    Magic{"!<thin>\n"sv, "an archive within the archive: name that archive"},
    Magic{"!<bout>\n"sv, "an archive of b.out files: give an ELF file for x86-64"},
    Magic{"\x1f\x8b"sv, "compressed by gzip: decompress it first"},
    Magic{"\xfd"
          "7zXZ\0"sv,
          "compressed by xz: decompress it first"},
    Magic{"\x28\xb5\x2f\xfd"sv, "compressed by zstd: decompress it first"},
    Magic{"PK\x03\x04"sv, "a zip file: extract the file to prove"},
    Magic{"Microsoft C/C++ "sv, "a file of Microsoft's compiler: give an ELF file for x86-64"},
};

bool begins_with(std::span<const std::byte> file, std::string_view magic) {
  return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

unsigned byte_at(std::span<const std::byte> file, std::size_t at) {
  return at < file.size() ? std::to_integer<unsigned>(file[at]) : 0;
}

unsigned half_at(std::span<const std::byte> file, std::size_t at) {
  return byte_at(file, at) | byte_at(file, at + 1) << 8;
}

// Java's class files begin like universal Mach-O files, and then have their version, at least 45,
// in place of the number of architectures.
std::optional<std::string> java_or_universal(std::span<const std::byte> file) {
  if (!begins_with(file, "\xca\xfe\xba\xbe"sv)) return std::nullopt;
  return byte_at(file, 7) < 45 ? universal : "a class file of Java: give an ELF file for x86-64";
}

// COFF has no magic bytes: an architecture, a number of sections, and no optional header in an
// object file. Big objects and import members begin with 0 and 0xffff.
std::optional<std::string> coff(std::span<const std::byte> file) {
  constexpr std::size_t header_bytes = 20;
  constexpr std::size_t optional_header = 16;
  constexpr std::array coff_architectures{0x8664u, 0x014cu, 0xaa64u, 0xa641u, 0x01c4u};
  if (file.size() < header_bytes) return std::nullopt;
  const bool is_object =
      std::ranges::find(coff_architectures, half_at(file, 0)) != coff_architectures.end() &&
      half_at(file, optional_header) == 0;
  const bool is_big = half_at(file, 0) == 0 && half_at(file, 2) == 0xffff;
  return is_object || is_big ? std::optional<std::string>(
                                   "a COFF file, as Windows has them: give an ELF file for x86-64")
                             : std::nullopt;
}

struct Architecture {
  unsigned number;
  const char* name;
};

constexpr std::array architectures{
    Architecture{EM_SPARC, "SPARC"},      Architecture{EM_386, "i386"},
    Architecture{EM_MIPS, "MIPS"},        Architecture{EM_PPC, "PowerPC"},
    Architecture{EM_PPC64, "PowerPC 64"}, Architecture{EM_S390, "s390"},
    Architecture{EM_ARM, "ARM"},          Architecture{EM_SPARCV9, "SPARC 64"},
    Architecture{EM_IA_64, "Itanium"},    Architecture{EM_X86_64, "x86-64"},
    Architecture{EM_AARCH64, "AArch64"},  Architecture{EM_CUDA, "CUDA"},
    Architecture{EM_AMDGPU, "AMD GPUs"},  Architecture{EM_RISCV, "RISC-V"},
    Architecture{EM_BPF, "BPF"},          Architecture{EM_ALPHA, "Alpha"},
    Architecture{258, "LoongArch"},
};

std::string architecture_name(unsigned number) {
  const auto* const found = std::ranges::find(architectures, number, &Architecture::number);
  return found != architectures.end() ? found->name : fmt::format("architecture {}", number);
}

}  // namespace

const char* const gcc_bitcode =
    "GCC's own form of code (LTO), not machine code: link it first, or compile with "
    "-ffat-lto-objects or -fno-lto";

std::optional<std::string> other_format(std::span<const std::byte> file) {
  const auto* const found = std::ranges::find_if(
      magics, [file](const Magic& magic) { return begins_with(file, magic.bytes); });
  if (found != magics.end()) return found->format;
  if (auto java = java_or_universal(file)) return java;
  return coff(file);
}

std::optional<std::string> other_elf(std::span<const std::byte> file) {
  const bool is_64 = byte_at(file, EI_CLASS) == ELFCLASS64;
  const bool is_little = byte_at(file, EI_DATA) == ELFDATA2LSB;
  constexpr std::size_t machine_offset = offsetof(Elf64_Ehdr, e_machine);
  const unsigned raw = half_at(file, machine_offset);
  const std::string architecture =
      architecture_name(is_little ? raw : raw >> 8 | (raw & 0xff) << 8);
  if (!is_64 || !is_little) {
    return fmt::format(
        "an ELF file of {} bits{} for {}, not a 64-bit little-endian one: compile "
        "it for x86-64",
        is_64 ? 64 : 32, is_little ? "" : ", big-endian,", architecture);
  }
  if (raw == EM_X86_64 || file.size() < sizeof(Elf64_Ehdr)) return std::nullopt;
  return fmt::format("an ELF file for {}, which is not x86-64: compile it for x86-64",
                     architecture);
}

}  // namespace fiberproof::verify
