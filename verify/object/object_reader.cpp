#include "verify/object/object_reader.hpp"

#include "verify/object/object_format.hpp"

#include <ar.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t name_bytes_max = 65536;

// For a relocatable file. A linker starts there, too; the rest of 2 GiB is for external symbols.
constexpr std::uint64_t first_section_address = 0x40'0000;
constexpr std::uint64_t section_gap_bytes = 64;
constexpr std::uint64_t placed_end_max = 0x4000'0000;

struct Range {
  std::uint64_t first;
  std::uint64_t last;
  std::string place;
};

/// The place of a range that begins within another one.
std::optional<std::string> first_overlap(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  const auto overlaps = [](const Range& lower, const Range& upper) {
    return upper.first <= lower.last;
  };
  const auto found = std::ranges::adjacent_find(ranges, overlaps);
  return found == ranges.end() ? std::nullopt : std::optional(std::next(found)->place);
}

}  // namespace

std::string ObjectReader::last_libelf_error() {
  const char* const text = elf_errmsg(-1);
  return text == nullptr ? "libelf gives no reason" : text;
}

std::string ObjectReader::section_place(std::size_t index) {
  return fmt::format("section {}", index);
}

void ObjectReader::End::operator()(Elf* elf) const {
  elf_end(elf);
}

ObjectReader::ObjectReader(ObjectFile& into) : file_(into) {
  elf_version(EV_CURRENT);
}

bool ObjectReader::is_inside(std::uint64_t offset, std::uint64_t bytes) const {
  return offset <= file_.file_->size() && bytes <= file_.file_->size() - offset;
}

std::unexpected<ObjectError> ObjectReader::malformed(std::string reason, std::string place) const {
  return file_.fail(ObjectError::Kind::malformed, std::move(reason), std::move(place));
}

std::unexpected<ObjectError> ObjectReader::not_elf(std::string reason, std::string place) const {
  return file_.fail(ObjectError::Kind::not_elf, std::move(reason), std::move(place));
}

ObjectReader::Result ObjectReader::read() {
  const auto symtab = [&] {
    Result read = read_symbols(SHT_SYMTAB);
    file_.symtab_count_ = file_.symbols_.size();
    return read;
  };
  Result done = read_header();
  done = done ? read_sections() : done;
  done = done ? check_form() : done;
  done = done ? read_segments() : done;
  done = done ? read_groups() : done;
  done = done && file_.relocatable_ ? place_sections() : done;
  done = done ? check_addresses() : done;
  done = done ? symtab() : done;
  done = done ? read_symbols(SHT_DYNSYM) : done;
  return done ? read_relocations() : done;
}

ObjectReader::Result ObjectReader::read_header() {
  const std::vector<std::byte>& bytes = *file_.file_;
  if (bytes.empty()) {
    return not_elf("an empty file", "byte 0");
  }
  if (bytes.size() < EI_NIDENT || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
    return not_elf(other_format(bytes).value_or("not an ELF file"),
                   fmt::format("byte 0: {:02x}", static_cast<unsigned>(bytes[0])));
  }
  if (auto other = other_elf(bytes)) {
    return not_elf(std::move(*other), fmt::format("byte {}", EI_CLASS));
  }
  if (!is_inside(0, sizeof(Elf64_Ehdr))) {
    return malformed("the file ends within its header", fmt::format("byte {}", bytes.size()));
  }
  // libelf reads it and does not write to it.
  char* const image = reinterpret_cast<char*>(const_cast<std::byte*>(bytes.data()));
  elf_.reset(elf_memory(image, bytes.size()));
  GElf_Ehdr header;
  if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF || !gelf_getehdr(elf_.get(), &header)) {
    return malformed("libelf refuses it: " + last_libelf_error(), "header");
  }
  if (header.e_type != ET_REL && header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return not_elf(
        header.e_type == ET_CORE
            ? "a core dump: name the program that made it"
            : fmt::format("type {} is not a program, library or object file", header.e_type),
        "e_type");
  }
  file_.relocatable_ = header.e_type == ET_REL;
  file_.position_independent_ = header.e_type == ET_DYN;
  return read_tables();
}

bool ObjectReader::is_table(std::uint64_t offset, std::uint64_t count, std::size_t entry_bytes,
                            std::size_t entry_bytes_expected) const {
  return count == 0 ||
         (offset != 0 && entry_bytes == entry_bytes_expected &&
          count <= file_.file_->size() / entry_bytes && is_inside(offset, count * entry_bytes));
}

// libelf silently omits a table outside the file, and accepts one at byte 0.
ObjectReader::Result ObjectReader::read_tables() {
  Elf64_Ehdr header;
  std::memcpy(&header, file_.file_->data(), sizeof header);
  // gABI, e_shnum and e_phnum: a number that does not fit is in the first section's entry.
  const bool is_extended = header.e_shnum == 0 && header.e_shoff != 0;
  section_count_ = is_extended ? 1 : header.e_shnum;
  segment_count_ = header.e_phnum;
  bool is_inside_file =
      is_table(header.e_shoff, section_count_, header.e_shentsize, sizeof(Elf64_Shdr));
  if (is_inside_file && section_count_ != 0) {
    Elf64_Shdr first;
    std::memcpy(&first, file_.file_->data() + header.e_shoff, sizeof first);
    if (is_extended) section_count_ = first.sh_size;
    if (header.e_phnum == PN_XNUM) segment_count_ = first.sh_info;
    is_inside_file =
        is_table(header.e_shoff, section_count_, header.e_shentsize, sizeof(Elf64_Shdr));
  }
  if (!is_inside_file) {
    return malformed("the table of sections is not inside the file",
                     fmt::format("byte {:#x} of {:#x}", header.e_shoff, file_.file_->size()));
  }
  if (!is_table(header.e_phoff, segment_count_, header.e_phentsize, sizeof(Elf64_Phdr))) {
    return malformed("the table of segments is not inside the file",
                     fmt::format("byte {:#x} of {:#x}", header.e_phoff, file_.file_->size()));
  }
  return {};
}

ObjectReader::Result ObjectReader::read_sections() {
  std::size_t count = 0;
  std::size_t names = 0;
  if (elf_getshdrnum(elf_.get(), &count) != 0 ||
      (count != 0 && elf_getshdrstrndx(elf_.get(), &names) != 0)) {
    return malformed("no table of sections: " + last_libelf_error(), "e_shoff");
  }
  if (count != section_count_) {
    return malformed(fmt::format("{} sections of {} are in the table", count, section_count_),
                     "e_shnum");
  }
  for (std::size_t index = 0; index < count; ++index) {
    Elf_Scn* const section = elf_getscn(elf_.get(), index);
    GElf_Shdr header;
    if (section == nullptr || !gelf_getshdr(section, &header)) {
      return malformed(last_libelf_error(), section_place(index));
    }
    const bool bytes_in_file = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
    if (bytes_in_file && !is_inside(header.sh_offset, header.sh_size)) {
      return malformed(fmt::format("ends outside the file: {:#x} bytes at {:#x} of {:#x}",
                                   header.sh_size, header.sh_offset, file_.file_->size()),
                       section_place(index));
    }
    if (header.sh_addr + header.sh_size < header.sh_addr) {
      return malformed("ends outside the address space", section_place(index));
    }
    const auto name = name_at(names, header.sh_name);
    if (!name && index != 0) {
      return malformed("its name " + name.error(), section_place(index));
    }
    if (header.sh_type == SHT_SYMTAB_SHNDX || header.sh_type == SHT_GNU_versym) {
      beside_tables_.try_emplace({header.sh_link, header.sh_type}, index);
    }
    file_.sections_.push_back({name.value_or(""), header.sh_type, header.sh_flags, header.sh_addr,
                               header.sh_offset, header.sh_size, header.sh_addralign});
  }
  return {};
}

// Refuses a file without its machine code, and says where the code is.
ObjectReader::Result ObjectReader::check_form() const {
  const auto is_code = [](const ObjectFile::SectionHeader& header) {
    return header.is_loaded() && (header.flags & SHF_EXECINSTR) != 0 && header.size != 0;
  };
  const auto is_bitcode = [](const ObjectFile::SectionHeader& header) {
    return header.name.starts_with(".gnu.lto_");
  };
  const auto& sections = file_.sections_;
  const auto code = std::ranges::find_if(sections, is_code);
  if (code == sections.end()) {
    const auto bitcode = std::ranges::find_if(sections, is_bitcode);
    return bitcode == sections.end()
               ? Result()
               : not_elf(gcc_bitcode, fmt::format("section {}", bitcode->name));
  }
  // objcopy --only-keep-debug and eu-strip -f keep the sections and drop their bytes.
  const bool has_bytes =
      std::ranges::any_of(sections, [&](const ObjectFile::SectionHeader& header) {
        return is_code(header) && header.type != SHT_NOBITS;
      });
  return has_bytes ? Result()
                   : file_.fail(ObjectError::Kind::unsuitable,
                                "a debug file: its code is elsewhere, in the file that it was made "
                                "from: name that one",
                                fmt::format("section {}", code->name));
}

// Tables of names may share their bytes, but reading one name must not take time proportional to
// the file.
std::expected<std::string_view, std::string> ObjectReader::name_at(std::size_t table,
                                                                   std::size_t offset) const {
  const char* const name = elf_strptr(elf_.get(), table, offset);
  if (name == nullptr) {
    return std::unexpected("is outside the table of names");
  }
  const auto* const end = reinterpret_cast<const char*>(file_.file_->data()) + file_.file_->size();
  // libelf has checked that the name ends; decompressed data is libelf's own memory.
  const std::size_t length = strnlen(name, name_bytes_max);
  const auto* const begin = reinterpret_cast<const char*>(file_.file_->data());
  if (std::less<>{}(name, begin) || !std::less<>{}(name, end)) {
    return std::unexpected("is in a compressed table");
  }
  return length < name_bytes_max
             ? std::expected<std::string_view, std::string>(std::in_place, name, length)
             : std::unexpected(fmt::format("has {} bytes or more", name_bytes_max));
}

ObjectReader::Result ObjectReader::read_segments() {
  std::size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) {
    return malformed("no table of segments: " + last_libelf_error(), "e_phoff");
  }
  if (count != segment_count_) {
    return malformed(fmt::format("{} segments of {} are in the table", count, segment_count_),
                     "e_phnum");
  }
  for (std::size_t index = 0; index < count; ++index) {
    const std::string place = fmt::format("segment {}", index);
    GElf_Phdr header;
    if (!gelf_getphdr(elf_.get(), static_cast<int>(index), &header)) {
      return malformed(last_libelf_error(), place);
    }
    if (header.p_type != PT_LOAD && header.p_type != PT_DYNAMIC) {
      continue;
    }
    if (!is_inside(header.p_offset, header.p_filesz)) {
      return malformed("ends outside the file", place);
    }
    if (header.p_vaddr + std::max(header.p_filesz, header.p_memsz) < header.p_vaddr) {
      return malformed("ends outside the address space", place);
    }
    if (header.p_type == PT_LOAD) {
      file_.segments_.push_back({(header.p_flags & PF_X) != 0, (header.p_flags & PF_W) != 0,
                                 header.p_vaddr, header.p_offset, header.p_filesz,
                                 std::max(header.p_filesz, header.p_memsz)});
    } else if (Result read = read_dynamic(header.p_offset, header.p_filesz); !read) {
      return read;
    }
  }
  if (section_count_ == 0 && !file_.relocatable_) take_segments_for_sections();
  return {};
}

// A linked file without a section table (sstrip) is read as the loader sees it. Made-up names say
// that they are not in the file.
void ObjectReader::take_segments_for_sections() {
  file_.sections_.push_back({"", SHT_NULL, 0, 0, 0, 0, 0});
  for (const auto& segment : file_.segments_) {
    const std::uint64_t flags = std::uint64_t{SHF_ALLOC} |
                                (segment.executable ? std::uint64_t{SHF_EXECINSTR} : 0) |
                                (segment.writable ? std::uint64_t{SHF_WRITE} : 0);
    file_.sections_.push_back(
        {"(segment)", SHT_PROGBITS, flags, segment.address, segment.offset, segment.file_bytes, 0});
  }
}

// Places each loaded section where a linker might, with a gap after each, so that its end is not
// the next one's start. Within 2 GiB, as the small code model requires (psABI 3.5.1).
ObjectReader::Result ObjectReader::place_sections() {
  std::uint64_t next = first_section_address;
  for (std::size_t index = 0; index < file_.sections_.size(); ++index) {
    auto& header = file_.sections_[index];
    if (!header.is_loaded()) {
      header.address = 0;  // `ld -r` of binutils 2.44 leaves one, which means nothing.
      continue;
    }
    if (header.address != 0) {
      return malformed("a section of a relocatable file has an address", section_place(index));
    }
    const std::uint64_t alignment =
        std::has_single_bit(header.alignment) && header.alignment <= page_bytes
            ? std::max(header.alignment, section_gap_bytes)
            : page_bytes;
    header.address = (next + alignment - 1) & ~(alignment - 1);
    if (header.size > placed_end_max - header.address) {
      return malformed("does not fit into 2 GiB with the sections before it", section_place(index));
    }
    next = header.address + header.size + section_gap_bytes;
  }
  external_base_ = (next + page_bytes - 1) & ~(page_bytes - 1);
  return {};
}

// If two sections hold one address, its bytes would depend on which one is asked. Segments are
// mapped in whole pages, so that one also hides another's bytes in its first and last page.
ObjectReader::Result ObjectReader::check_addresses() const {
  std::vector<Range> sections;
  std::vector<Range> segments;
  for (std::size_t index = 0; index < file_.sections_.size(); ++index) {
    const auto& header = file_.sections_[index];
    if (header.has_addresses()) {
      sections.push_back({header.address, header.address + header.size - 1, section_place(index)});
    }
  }
  for (const auto& segment : file_.segments_) {
    if (segment.memory_bytes != 0) {
      segments.push_back({segment.address & ~(page_bytes - 1),
                          (segment.address + segment.memory_bytes - 1) | (page_bytes - 1),
                          fmt::format("segment at {:#x}", segment.address)});
    }
  }
  for (const auto& overlap :
       {first_overlap(std::move(sections)), first_overlap(std::move(segments))}) {
    if (overlap) {
      return malformed("has addresses that another one has, too", *overlap);
    }
  }
  return {};
}

ObjectReader::Result ObjectReader::read_dynamic(std::uint64_t offset, std::uint64_t bytes) {
  Elf_Data* const data =
      elf_getdata_rawchunk(elf_.get(), static_cast<std::int64_t>(offset), bytes, ELF_T_DYN);
  if (data == nullptr && bytes != 0) {
    return malformed(last_libelf_error(), "dynamic segment");
  }
  const auto count = static_cast<int>(bytes / sizeof(Elf64_Dyn));
  for (int index = 0; index < count; ++index) {
    GElf_Dyn entry;
    if (!gelf_getdyn(data, index, &entry)) {
      return malformed(last_libelf_error(), fmt::format("dynamic entry {}", index));
    }
    if (entry.d_tag == DT_NULL) {
      break;
    }
    if (entry.d_tag == DT_TEXTREL ||
        (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)) {
      file_.code_is_relocated_ = true;
    }
  }
  return {};
}

}  // namespace fiberproof::verify
