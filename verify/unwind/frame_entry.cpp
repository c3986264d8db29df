#include "verify/unwind/frame_entry.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// The operands of a call frame instruction (DWARF 5, 7.24); a register comes first.
struct Form {
  bool has_register;
  enum class Rest : std::uint8_t { none, number, block, bytes_1, bytes_2, bytes_4 } rest;
};

std::optional<Form> form_of(std::uint8_t code) {
  using Rest = Form::Rest;
  switch (code) {
    case DW_CFA_nop:
    case DW_CFA_remember_state:
    case DW_CFA_restore_state: return Form{false, Rest::none};
    case DW_CFA_advance_loc1: return Form{false, Rest::bytes_1};
    case DW_CFA_advance_loc2: return Form{false, Rest::bytes_2};
    case DW_CFA_advance_loc4:
    case DW_CFA_set_loc: return Form{false, Rest::bytes_4};
    case DW_CFA_undefined:
    case DW_CFA_same_value:
    case DW_CFA_restore_extended: return Form{true, Rest::none};
    case DW_CFA_offset_extended:
    case DW_CFA_offset_extended_sf:
    case DW_CFA_val_offset:
    case DW_CFA_val_offset_sf:
    case DW_CFA_register: return Form{true, Rest::number};
    case DW_CFA_expression:
    case DW_CFA_val_expression: return Form{true, Rest::block};
    // The registers in these concern the frame address, not the caller's values.
    case DW_CFA_def_cfa_expression: return Form{false, Rest::block};
    case DW_CFA_def_cfa_register:
    case DW_CFA_def_cfa_offset:
    case DW_CFA_def_cfa_offset_sf:
    case DW_CFA_GNU_args_size: return Form{false, Rest::number};
    default: return std::nullopt;
  }
}

constexpr std::uint8_t primary_bits = 0xc0;  // DWARF 5, 7.24: of advance_loc, offset and restore

bool advances(std::uint8_t code) {
  return code == DW_CFA_advance_loc || code == DW_CFA_set_loc ||
         (code >= DW_CFA_advance_loc1 && code <= DW_CFA_advance_loc4);
}

bool restores(std::uint8_t code) {
  return code == DW_CFA_restore || code == DW_CFA_restore_extended || code == DW_CFA_restore_state;
}

std::span<const std::uint8_t> bytes_between(const std::uint8_t* begin, const std::uint8_t* end) {
  return {begin, end};
}

}  // namespace

class FrameEntry::Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  // The next bytes, or nothing if there are fewer.
  std::optional<std::span<const std::uint8_t>> take(std::uint64_t count) {
    if (count > bytes_.size()) return std::nullopt;
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  std::optional<std::uint64_t> fixed(std::size_t count) {
    const auto field = take(count);
    if (!field) return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, field->data(), count);
    return value;
  }

  // ULEB128; for an SLEB128 only the length is right.
  std::optional<std::uint64_t> leb128() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = fixed(1);
      if (!byte || shift > 63) return std::nullopt;
      value |= (*byte & 0x7f) << shift;
      if ((*byte & 0x80) == 0) return value;
    }
  }

  std::optional<Instruction> instruction() {
    const auto code = fixed(1);
    if (!code) return std::nullopt;
    const auto primary = static_cast<std::uint8_t>(*code & primary_bits);
    if (primary == DW_CFA_advance_loc) return Instruction{primary, false, 0};
    if (primary != 0) {
      if (primary == DW_CFA_offset && !leb128()) return std::nullopt;
      return Instruction{primary, true, *code & ~std::uint64_t{primary_bits}};
    }
    return extended(static_cast<std::uint8_t>(*code));
  }

 private:
  std::optional<Instruction> extended(std::uint8_t code) {
    // A frame address by register and offset: both are numbers.
    if (code == DW_CFA_def_cfa || code == DW_CFA_def_cfa_sf) {
      return leb128() && leb128() ? std::optional(Instruction{code, false, 0}) : std::nullopt;
    }
    const auto form = form_of(code);
    if (!form) return std::nullopt;
    const auto reg = form->has_register ? leb128() : std::optional<std::uint64_t>(0);
    if (!reg || !skip(form->rest)) return std::nullopt;
    return Instruction{code, form->has_register, *reg};
  }

  bool skip(Form::Rest rest) {
    using Rest = Form::Rest;
    switch (rest) {
      case Rest::none: return true;
      case Rest::number: return leb128().has_value();
      case Rest::bytes_1: return take(1).has_value();
      case Rest::bytes_2: return take(2).has_value();
      case Rest::bytes_4: return take(4).has_value();
      case Rest::block: {
        const auto count = leb128();
        return count && take(*count);
      }
    }
    return false;
  }

  std::span<const std::uint8_t> bytes_;
};

namespace {

// The entries of the section; libdw decodes their headers.
class Entries {
 public:
  Entries(const ObjectFile& file, Section section) : section_(std::move(section)) {
    std::memcpy(identification_.data(), file.contents().data(), identification_.size());
    data_.d_buf = section_.bytes.data();
    data_.d_size = section_.bytes.size();
    data_.d_type = ELF_T_BYTE;
    data_.d_version = EV_CURRENT;
  }

  // Returns 0, or 1 at the end, or -1; `next` is the offset to continue at.
  int at(Dwarf_Off offset, Dwarf_Off& next, Dwarf_CFI_Entry& entry) {
    return dwarf_next_cfi(identification_.data(), &data_, true, offset, &next, &entry);
  }

  std::uint64_t address_of(const std::uint8_t* place) const {
    return section_.address +
           static_cast<std::uint64_t>(place - static_cast<const std::uint8_t*>(data_.d_buf));
  }

 private:
  Section section_;
  Elf_Data data_{};
  std::array<unsigned char, EI_NIDENT> identification_{};
};

constexpr std::size_t personality_bytes = 4;  // as DW_EH_PE_sdata4, like the other pointers

// The place in a CIE's augmentation data that gives the encoding of its FDEs' addresses.
std::optional<std::uint8_t> pointer_encoding(const Dwarf_CIE& cie) {
  const std::string_view augmentation = cie.augmentation;
  if (!augmentation.starts_with('z')) return std::nullopt;
  std::size_t offset = 0;
  for (const char letter : augmentation.substr(1)) {
    if (letter == 'R') {
      return offset < cie.augmentation_data_size ? std::optional(cie.augmentation_data[offset])
                                                 : std::nullopt;
    }
    if (letter == 'L') ++offset;
    if (letter == 'P') offset += 1 + personality_bytes;
  }
  return std::nullopt;
}

constexpr std::uint8_t encoding_expected = DW_EH_PE_pcrel | DW_EH_PE_sdata4;

}  // namespace

std::expected<FrameEntry, ObjectError> FrameEntry::find(const ObjectFile& file,
                                                        std::uint64_t address) {
  using Kind = ObjectError::Kind;
  auto section = file.section(".eh_frame");
  if (!section) return std::unexpected(section.error());
  const auto fail = [&](Kind kind, std::string reason, Dwarf_Off offset) {
    return std::unexpected(ObjectError{kind, file.path(), std::move(reason),
                                       fmt::format(".eh_frame, byte {:#x}", offset)});
  };
  Entries entries(file, std::move(*section));
  Dwarf_Off next = 0;
  Dwarf_CFI_Entry entry;
  for (Dwarf_Off offset = 0;; offset = next) {
    const int result = entries.at(offset, next, entry);
    if (result > 0)
      return fail(Kind::not_found, fmt::format("no entry for {:#x}", address), offset);
    if (result < 0) return fail(Kind::malformed, dwarf_errmsg(-1), offset);
    if (dwarf_cfi_cie_p(&entry)) continue;

    Dwarf_CFI_Entry common;
    Dwarf_Off after;
    if (entries.at(entry.fde.CIE_pointer, after, common) != 0 || !dwarf_cfi_cie_p(&common)) {
      return fail(Kind::malformed, "an entry without its common information", offset);
    }
    // Entries of other producers may have another encoding: none of them is the one looked for.
    if (pointer_encoding(common.cie) != encoding_expected) continue;
    Reader fields(bytes_between(entry.fde.start, entry.fde.end));
    const auto distance = fields.fixed(4);
    const auto count = fields.fixed(4);
    const auto augmentation_bytes = fields.leb128();
    if (!distance || !count || !augmentation_bytes || !fields.take(*augmentation_bytes)) {
      return fail(Kind::malformed, "an entry that ends within its header", offset);
    }
    const auto signed_distance = static_cast<std::int32_t>(static_cast<std::uint32_t>(*distance));
    const std::uint64_t begin = entries.address_of(entry.fde.start) +
                                static_cast<std::uint64_t>(std::int64_t{signed_distance});
    if (address - begin >= *count) continue;

    FrameEntry found;
    Reader initial(
        bytes_between(common.cie.initial_instructions, common.cie.initial_instructions_end));
    for (Reader* const program : {&initial, &fields}) {
      while (!program->at_end()) {
        const auto instruction = program->instruction();
        if (!instruction) {
          return fail(Kind::malformed, "an instruction that DWARF does not know", offset);
        }
        found.instructions_.push_back(*instruction);
      }
    }
    return found;
  }
}

bool FrameEntry::mentions(std::uint64_t reg) const {
  return std::ranges::any_of(instructions_, [reg](const Instruction& instruction) {
    return instruction.is_about_a_register && instruction.reg == reg;
  });
}

bool FrameEntry::is_undefined_throughout(std::uint64_t reg) const {
  const auto is_about = [reg](const Instruction& instruction) {
    return instruction.is_about_a_register && instruction.reg == reg;
  };
  const auto first_advance = std::ranges::find_if(
      instructions_, [](const Instruction& instruction) { return advances(instruction.code); });
  const auto first = std::ranges::find_if(instructions_, is_about);
  return first < first_advance && first->code == DW_CFA_undefined &&
         std::ranges::count_if(instructions_, is_about) == 1 &&
         std::ranges::none_of(
             instructions_,
             [](const Instruction& instruction) { return restores(instruction.code); });
}

}  // namespace fiberproof::verify
