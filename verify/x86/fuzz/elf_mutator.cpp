// Mutates ELF files where it matters: it sets a field of the header, of a section, segment, symbol,
// relocation, group or dynamic entry to a boundary value or to the value of another field, or
// changes a few bytes of code. In an archive, it mutates one member, or changes a member's header
// or the archive's kind. It leaves other files, and one case in four, to the fuzzer's own mutator.
//
// The layout is that of <elf.h>. Nothing in the file is trusted: a record outside the file is
// skipped.
#include "fuzz/generate/random.hpp"

#include <ar.h>
#include <elf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

// The fuzzer's own mutator; not every fuzzer that calls this one has it.
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                              std::size_t max_size);

namespace {

struct Field {
  std::size_t offset;
  std::size_t bytes;
};
#define FIELD(type, name)                    \
  Field {                                    \
    offsetof(type, name), sizeof(type::name) \
  }

constexpr std::array header_fields{
    FIELD(Elf64_Ehdr, e_type),     FIELD(Elf64_Ehdr, e_machine),   FIELD(Elf64_Ehdr, e_phoff),
    FIELD(Elf64_Ehdr, e_shoff),    FIELD(Elf64_Ehdr, e_ehsize),    FIELD(Elf64_Ehdr, e_phentsize),
    FIELD(Elf64_Ehdr, e_phnum),    FIELD(Elf64_Ehdr, e_shentsize), FIELD(Elf64_Ehdr, e_shnum),
    FIELD(Elf64_Ehdr, e_shstrndx), FIELD(Elf64_Ehdr, e_version)};
constexpr std::array section_fields{FIELD(Elf64_Shdr, sh_name),    FIELD(Elf64_Shdr, sh_type),
                                    FIELD(Elf64_Shdr, sh_flags),   FIELD(Elf64_Shdr, sh_addr),
                                    FIELD(Elf64_Shdr, sh_size),    FIELD(Elf64_Shdr, sh_offset),
                                    FIELD(Elf64_Shdr, sh_link),    FIELD(Elf64_Shdr, sh_info),
                                    FIELD(Elf64_Shdr, sh_entsize), FIELD(Elf64_Shdr, sh_addralign)};
constexpr std::array segment_fields{FIELD(Elf64_Phdr, p_type),   FIELD(Elf64_Phdr, p_flags),
                                    FIELD(Elf64_Phdr, p_offset), FIELD(Elf64_Phdr, p_vaddr),
                                    FIELD(Elf64_Phdr, p_filesz), FIELD(Elf64_Phdr, p_memsz),
                                    FIELD(Elf64_Phdr, p_align)};
constexpr std::array symbol_fields{FIELD(Elf64_Sym, st_name), FIELD(Elf64_Sym, st_info),
                                   FIELD(Elf64_Sym, st_shndx), FIELD(Elf64_Sym, st_value),
                                   FIELD(Elf64_Sym, st_size)};
constexpr std::array relocation_fields{FIELD(Elf64_Rela, r_offset), FIELD(Elf64_Rela, r_info)};
constexpr std::array dynamic_fields{FIELD(Elf64_Dyn, d_tag), FIELD(Elf64_Dyn, d_un)};
// Section numbers in groups and in .symtab_shndx; version numbers.
constexpr std::array word_fields{Field{0, sizeof(Elf64_Word)}};
constexpr std::array half_fields{Field{0, sizeof(Elf64_Half)}};
#undef FIELD

using fiberproof::fuzz::Random;

struct Record {
  std::uint64_t offset;
  std::uint64_t bytes;
  std::span<const Field> fields;  // empty: bytes without a layout, such as code
};

class ElfMutation {
 public:
  ElfMutation(std::span<std::uint8_t> file, Random& random) : file_(file), random_(random) {
    std::memcpy(&header_, file.data(), sizeof header_);
  }

  /// Returns false if there was nothing to change.
  bool run() {
    const std::optional<Record> record = pick();
    if (!record) return false;
    if (record->fields.empty()) {
      change_byte(*record);
    } else if (random_.below(8) == 0) {
      copy_over(*record);
    } else {
      change_field(*record);
    }
    return true;
  }

 private:
  std::optional<Record> inside(std::uint64_t offset, std::uint64_t bytes,
                               std::span<const Field> fields) const {
    const bool is_inside = bytes != 0 && offset <= file_.size() && bytes <= file_.size() - offset;
    return is_inside ? std::optional(Record{offset, bytes, fields}) : std::nullopt;
  }

  // One of `count` records of `bytes` each, from `table` on.
  std::optional<Record> one_of(std::uint64_t table, std::uint64_t count, std::uint64_t bytes,
                               std::span<const Field> fields) {
    return count == 0 ? std::nullopt : inside(table + random_.below(count) * bytes, bytes, fields);
  }

  std::optional<Record> pick() {
    switch (random_.below(8)) {
      case 0: return inside(0, sizeof header_, header_fields);
      case 1:
      case 2: return pick_section();
      case 3: return one_of(header_.e_phoff, header_.e_phnum, sizeof(Elf64_Phdr), segment_fields);
      default: return pick_within_section();
    }
  }

  std::optional<Record> pick_section() {
    return one_of(header_.e_shoff, header_.e_shnum, sizeof(Elf64_Shdr), section_fields);
  }

  std::optional<Record> pick_within_section() {
    const std::optional<Record> of = pick_section();
    if (!of) return std::nullopt;
    Elf64_Shdr section;
    std::memcpy(&section, file_.data() + of->offset, sizeof section);
    const auto entry = [&](std::uint64_t bytes, std::span<const Field> fields) {
      return one_of(section.sh_offset, section.sh_size / bytes, bytes, fields);
    };
    switch (section.sh_type) {
      case SHT_SYMTAB:
      case SHT_DYNSYM: return entry(sizeof(Elf64_Sym), symbol_fields);
      case SHT_RELA: return entry(sizeof(Elf64_Rela), relocation_fields);
      case SHT_REL: return entry(sizeof(Elf64_Rel), relocation_fields);
      case SHT_GROUP:
      case SHT_SYMTAB_SHNDX: return entry(sizeof(Elf64_Word), word_fields);
      case SHT_GNU_versym: return entry(sizeof(Elf64_Half), half_fields);
      case SHT_DYNAMIC: return entry(sizeof(Elf64_Dyn), dynamic_fields);
      case SHT_NOBITS: return std::nullopt;
      default: return inside(section.sh_offset, section.sh_size, {});
    }
  }

  void change_byte(const Record& record) {
    file_[record.offset + random_.below(record.bytes)] = static_cast<std::uint8_t>(random_.next());
  }

  // Makes two records overlap, or repeats one.
  void copy_over(const Record& record) {
    const std::optional<Record> from = pick();
    if (from && from->fields.data() == record.fields.data()) {
      std::memmove(file_.data() + record.offset, file_.data() + from->offset, record.bytes);
    }
  }

  void change_field(const Record& record) {
    const Field field = record.fields[random_.below(record.fields.size())];
    std::uint8_t* const at = file_.data() + record.offset + field.offset;
    const std::uint64_t value = value_for(field, at);
    std::memcpy(at, &value, field.bytes);  // little-endian, as the file is
  }

  std::uint64_t value_for(Field field, const std::uint8_t* at) {
    std::uint64_t old = 0;
    std::memcpy(&old, at, field.bytes);
    switch (random_.below(12)) {
      case 0: return 0;
      case 1: return ~std::uint64_t{0};
      case 2: return old + 1;
      case 3: return old - 1;
      case 4: return old ^ std::uint64_t{1} << random_.below(8 * field.bytes);
      case 5: return file_.size() + random_.below(3) - 1;
      case 6: return std::uint64_t{1} << random_.below(64);
      case 7: return random_.below(file_.size());
      case 8: return random_.below(16);
      case 9: return ~random_.below(file_.size());
      case 10: return old + random_.below(64) - 32;
      default: return value_elsewhere(old);
    }
  }

  std::uint64_t value_elsewhere(std::uint64_t otherwise) {
    const std::optional<Record> record = pick();
    if (!record || record->fields.empty()) return otherwise + 8;
    const Field field = record->fields[random_.below(record->fields.size())];
    std::uint64_t value = 0;
    std::memcpy(&value, file_.data() + record->offset + field.offset, field.bytes);
    return value;
  }

  std::span<std::uint8_t> file_;
  Random& random_;
  Elf64_Ehdr header_;
};

bool is_elf(std::span<const std::uint8_t> file) {
  return file.size() >= sizeof(Elf64_Ehdr) && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

constexpr std::string_view magic(ARMAG, SARMAG);
constexpr std::string_view thin_magic = "!<thin>\n";

std::string_view text_of(std::span<const std::uint8_t> file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

bool is_archive(std::span<const std::uint8_t> file) {
  return file.size() > SARMAG &&
         (text_of(file).starts_with(magic) || text_of(file).starts_with(thin_magic));
}

// Finds members by the magic bytes of an ELF file, and chooses one at random.
std::span<std::uint8_t> some_member(std::span<std::uint8_t> archive, Random& random) {
  const std::string_view text = text_of(archive);
  constexpr std::string_view elf(ELFMAG, SELFMAG);
  const std::size_t from = random.below(archive.size());
  const std::size_t after = text.find(elf, from);
  const std::size_t at = after == std::string_view::npos ? text.rfind(elf) : after;
  return at == std::string_view::npos ? std::span<std::uint8_t>{} : archive.subspan(at);
}

// Changes a digit or a letter of a member's header (found by its last bytes), or whether the
// archive is thin.
bool change_archive(std::span<std::uint8_t> archive, Random& random) {
  if (random.below(8) == 0) {
    const std::string_view other = text_of(archive).starts_with(magic) ? thin_magic : magic;
    std::memcpy(archive.data(), other.data(), other.size());
    return true;
  }
  const std::size_t from = random.below(archive.size());
  const std::size_t after = text_of(archive).find(ARFMAG, from);
  const std::size_t end = after == std::string_view::npos ? text_of(archive).rfind(ARFMAG) : after;
  if (end == std::string_view::npos || end < sizeof(ar_hdr)) return false;
  constexpr std::string_view letters = "0123456789#/:_. `\n";
  archive[end + 1 - random.below(sizeof(ar_hdr))] =
      static_cast<std::uint8_t>(letters[random.below(letters.size())]);
  return true;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  Random random(seed);
  const std::span whole(data, size);
  const std::span file = is_archive(whole) ? some_member(whole, random) : whole;
  bool changed = is_archive(whole) && random.below(4) == 0 && change_archive(whole, random);
  if (is_elf(file) && random.below(4) != 0) {
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      changed |= ElfMutation(file, random).run();
    }
  }
  if (changed) return size;
  if (LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(data, size, max_size);
  if (size != 0) data[random.below(size)] = static_cast<std::uint8_t>(random.next());
  return size;
}
