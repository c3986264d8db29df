#include "verify/unwind/frame_rules.hpp"

#include "verify/unwind/frame_entry.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <libelf.h>

#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {

struct CallFrameInformation::Tables {
  Elf* elf = nullptr;
  Dwarf_CFI* cfi = nullptr;  // belongs to `elf`, for which dwarf_getcfi_elf allocates it
};

void CallFrameInformation::Close::operator()(Tables* tables) const {
  if (tables->cfi != nullptr) dwarf_cfi_end(tables->cfi);
  if (tables->elf != nullptr) elf_end(tables->elf);
  delete tables;
}

namespace {

struct Free {
  void operator()(Dwarf_Frame* frame) const { std::free(frame); }
};
using Frame = std::unique_ptr<Dwarf_Frame, Free>;

std::string last_error() {
  return dwarf_errmsg(-1);
}

DwarfExpression expression_of(const Dwarf_Op* operations, std::size_t count) {
  DwarfExpression expression;
  for (const Dwarf_Op& operation : std::span(operations, count)) {
    expression.push_back({operation.atom, operation.number, operation.number2});
  }
  return expression;
}

bool names_a_register(std::uint8_t code) {
  return (code >= DW_OP_reg0 && code <= DW_OP_reg31) || code == DW_OP_regx;
}

// Makes a rule of libdw's location description. Nothing is lost for an expression with several
// pieces, or with a register after other operations: its evaluation rejects the operation.
RegisterRule rule_of(DwarfExpression expression) {
  using Kind = RegisterRule::Kind;
  if (expression.size() == 1 && names_a_register(expression.front().code)) {
    return {Kind::in_register, std::move(expression)};
  }
  if (expression.back().code == DW_OP_stack_value) {
    expression.pop_back();
    return {Kind::is_value, std::move(expression)};
  }
  return {Kind::in_memory, std::move(expression)};
}

std::optional<RegisterRule> read_rule(Dwarf_Frame* frame, int number) {
  Dwarf_Op own[3];
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, number, own, &operations, &count) != 0) return std::nullopt;
  if (count > 0) return rule_of(expression_of(operations, count));
  return RegisterRule{
      operations == nullptr ? RegisterRule::Kind::same_value : RegisterRule::Kind::undefined, {}};
}

}  // namespace

std::unexpected<ObjectError> CallFrameInformation::fail(ObjectError::Kind kind, std::string reason,
                                                        std::string place) const {
  return std::unexpected(ObjectError{kind, file_->path(), std::move(reason), std::move(place)});
}

std::expected<CallFrameInformation, ObjectError> CallFrameInformation::read(
    const ObjectFile& file) {
  CallFrameInformation made(file);
  if (file.is_relocatable()) {
    return made.fail(ObjectError::Kind::relocated,
                     "a linker fills in its call frame information: link it first", ".eh_frame");
  }
  if (const auto section = file.section(".eh_frame"); !section) {
    return made.fail(ObjectError::Kind::not_found, "no call frame information", ".eh_frame");
  }
  elf_version(EV_CURRENT);
  made.tables_.reset(new Tables);
  // libelf takes a pointer to writable memory, and only reads it.
  auto* const image = reinterpret_cast<char*>(const_cast<std::byte*>(file.contents().data()));
  made.tables_->elf = elf_memory(image, file.contents().size());
  made.tables_->cfi = made.tables_->elf == nullptr ? nullptr : dwarf_getcfi_elf(made.tables_->elf);
  if (made.tables_->cfi == nullptr) {
    return made.fail(ObjectError::Kind::malformed, "libdw refuses it: " + last_error(),
                     ".eh_frame");
  }
  return made;
}

std::expected<FrameRules, ObjectError> CallFrameInformation::at(std::uint64_t address) const {
  using Kind = ObjectError::Kind;
  const std::string place = fmt::format(".eh_frame, for {:#x}", address);
  Dwarf_Frame* found = nullptr;
  if (dwarf_cfi_addrframe(tables_->cfi, address, &found) != 0) {
    return fail(Kind::not_found, "no call frame information: " + last_error(), place);
  }
  const Frame frame(found);
  FrameRules rules{};
  const int column =
      dwarf_frame_info(frame.get(), &rules.begin, &rules.end, &rules.is_signal_frame);
  if (column < 0 || static_cast<std::size_t>(column) >= dwarf_register_count) {
    return fail(Kind::malformed, fmt::format("the return address is in register {}", column),
                place);
  }
  rules.return_address = static_cast<std::uint64_t>(column);
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame.get(), &operations, &count) != 0 || count == 0) {
    return fail(Kind::malformed, "no rule for the canonical frame address: " + last_error(), place);
  }
  rules.cfa = expression_of(operations, count);
  for (std::size_t number = 0; number < dwarf_register_count; ++number) {
    auto rule = read_rule(frame.get(), static_cast<int>(number));
    if (!rule) {
      return fail(Kind::malformed,
                  fmt::format("the rule for register {}: {}", number, last_error()), place);
    }
    rules.registers[number] = std::move(*rule);
  }
  return rules;
}

std::expected<bool, ObjectError> CallFrameInformation::is_said_undefined(std::uint64_t address,
                                                                         DwarfRegister reg) const {
  const auto entry = FrameEntry::find(*file_, address);
  if (!entry) return std::unexpected(entry.error());
  return entry->is_undefined_throughout(static_cast<std::uint64_t>(reg));
}

std::expected<bool, ObjectError> CallFrameInformation::is_mentioned(std::uint64_t address,
                                                                    DwarfRegister reg) const {
  const auto entry = FrameEntry::find(*file_, address);
  if (!entry) return std::unexpected(entry.error());
  return entry->mentions(static_cast<std::uint64_t>(reg));
}

}  // namespace fiberproof::verify
