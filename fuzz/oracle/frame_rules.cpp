// Not instrumented, since it only observes. DWARF 5, 6.4.1 and 7.24; the headers are those of
// `.eh_frame` (LSB 5, 10.6), with code addresses of four bytes, as linkers write them.
#include "fuzz/oracle/frame_rules.hpp"

#include "core/instrumentation.hpp"

#include <cstring>
#include <string_view>

// The entry of `.eh_frame` for an address, and where its code begins; no header declares it.
extern "C" {
struct dwarf_eh_bases {
  void* tbase;
  void* dbase;
  void* func;
};
const void* _Unwind_Find_FDE(const void* address, dwarf_eh_bases* bases);
}

namespace fiberproof::fuzz {
namespace {

constexpr std::uint8_t address_bytes_4 = 0x0b;  // DW_EH_PE_sdata4, in the low half of an encoding

class Reader {
 public:
  Reader(const std::uint8_t* begin, const std::uint8_t* end) : at_(begin), end_(end) {}

  bool is_over() const { return at_ >= end_; }
  const std::uint8_t* place() const { return at_; }
  void skip(std::uint64_t bytes) { at_ += bytes; }

  template <class Number>
  Number number() {
    Number value{};
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  /// ULEB128; for an SLEB128 only the length is right.
  std::uint64_t leb128() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t byte = *at_++;
      value |= shift < 64 ? std::uint64_t{byte & 0x7fu} << shift : 0;
      if ((byte & 0x80) == 0) {
        return value;
      }
    }
  }

  std::string_view text() {
    const std::string_view read(reinterpret_cast<const char*>(at_));
    at_ += read.size() + 1;
    return read;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// Executes call frame instructions up to an address.
class Machine {
 public:
  Machine(std::uint64_t location, std::uint64_t address, std::uint64_t code_unit)
      : location_(location), address_(address), code_unit_(code_unit) {}

  /// False where an instruction is not understood.
  bool run(Reader instructions) {
    while (!instructions.is_over() && location_ <= address_) {
      if (!step(instructions)) {
        return false;
      }
    }
    return true;
  }
  const RegisterRules& rules() const { return rules_; }

 private:
  bool step(Reader& in) {
    const auto code = in.number<std::uint8_t>();
    const std::uint64_t operand = code & 0x3f;
    switch (code & 0xc0) {
      case 0x40: return advance(operand);                                // DW_CFA_advance_loc
      case 0x80: return in.leb128(), set(operand, RegisterRule::found);  // DW_CFA_offset
      case 0xc0: return false;                                           // DW_CFA_restore
      default: return extended(code, in);
    }
  }

  bool extended(std::uint8_t code, Reader& in) {
    switch (code) {
      case 0x00: return true;                                // DW_CFA_nop
      case 0x02: return advance(in.number<std::uint8_t>());  // DW_CFA_advance_loc1, 2, 4
      case 0x03: return advance(in.number<std::uint16_t>());
      case 0x04: return advance(in.number<std::uint32_t>());
      case 0x07: return set(in.leb128(), RegisterRule::undefined);  // DW_CFA_undefined
      case 0x08: return set(in.leb128(), RegisterRule::found);      // DW_CFA_same_value
      case 0x05:                                                    // DW_CFA_offset_extended
      case 0x09:                                                    // DW_CFA_register
      case 0x11:                                                    // DW_CFA_offset_extended_sf
      case 0x14:                                                    // DW_CFA_val_offset
      case 0x15: {                                                  // DW_CFA_val_offset_sf
        const std::uint64_t number = in.leb128();
        in.leb128();
        return set(number, RegisterRule::found);
      }
      case 0x10:    // DW_CFA_expression
      case 0x16: {  // DW_CFA_val_expression
        const std::uint64_t number = in.leb128();
        in.skip(in.leb128());
        return set(number, RegisterRule::found);
      }
      case 0x0c:  // DW_CFA_def_cfa
      case 0x12:  // DW_CFA_def_cfa_sf
        in.leb128();
        [[fallthrough]];
      case 0x0d:  // DW_CFA_def_cfa_register
      case 0x0e:  // DW_CFA_def_cfa_offset
      case 0x13:  // DW_CFA_def_cfa_offset_sf
      case 0x2e:  // DW_CFA_GNU_args_size
        in.leb128();
        return true;
      case 0x0f: in.skip(in.leb128()); return true;  // DW_CFA_def_cfa_expression
      default: return false;                         // Among them those that restore.
    }
  }

  bool advance(std::uint64_t units) {
    location_ += units * code_unit_;
    return true;
  }

  bool set(std::uint64_t number, RegisterRule rule) {
    // Registers beyond are vector registers, of which no trampoline has a rule.
    return number < rules_.size() && (rules_[number] = rule, true);
  }

  std::uint64_t location_;
  std::uint64_t address_;
  std::uint64_t code_unit_;
  RegisterRules rules_{};
};

/// An entry from its length on: what follows its identifier.
Reader entry_at(const std::uint8_t* entry) {
  std::uint32_t length = 0;
  std::memcpy(&length, entry, sizeof length);
  Reader reader(entry + sizeof length, entry + sizeof length + length);
  reader.skip(sizeof(std::uint32_t));
  return reader;
}

/// What an FDE takes from its CIE.
struct Common {
  std::uint64_t code_unit = 0;
  Reader instructions{nullptr, nullptr};
};

std::optional<Common> read_common(const std::uint8_t* entry) {
  Reader reader = entry_at(entry);
  const auto version = reader.number<std::uint8_t>();
  const std::string_view augmentation = reader.text();
  Common common;
  common.code_unit = reader.leb128();
  reader.leb128();  // The unit of data offsets.
  reader.leb128();  // The column of the return address: one byte in version 1, where it is small.
  if (version != 1 || !augmentation.starts_with('z')) {
    return std::nullopt;
  }
  const std::uint64_t data_bytes = reader.leb128();
  Reader data = reader;
  for (const char letter : augmentation.substr(1)) {
    // A personality comes only with compiled functions.
    if (letter == 'P' ||
        (letter == 'R' && (data.number<std::uint8_t>() & 0x0f) != address_bytes_4)) {
      return std::nullopt;
    }
    data.skip(letter == 'L' ? 1 : 0);
  }
  reader.skip(data_bytes);
  common.instructions = reader;
  return common;
}

}  // namespace

std::optional<RegisterRules> register_rules_at(std::uint64_t address) {
  dwarf_eh_bases bases{};
  const auto* const entry = static_cast<const std::uint8_t*>(
      _Unwind_Find_FDE(reinterpret_cast<const void*>(address), &bases));
  if (entry == nullptr) {
    return std::nullopt;
  }
  const std::uint8_t* const link = entry + sizeof(std::uint32_t);
  std::int32_t distance = 0;
  std::memcpy(&distance, link, sizeof distance);
  const std::optional<Common> common = read_common(link - distance);
  if (!common) {
    return std::nullopt;
  }
  Reader reader = entry_at(entry);
  reader.skip(2 * sizeof(std::int32_t));  // Where its code begins, and how long it is.
  reader.skip(reader.leb128());           // Augmentation.
  Machine machine(reinterpret_cast<std::uint64_t>(bases.func), address, common->code_unit);
  if (!machine.run(common->instructions) || !machine.run(reader)) {
    return std::nullopt;
  }
  return machine.rules();
}

}  // namespace fiberproof::fuzz
