#include "verify/x86/code_entry.hpp"

#include "verify/object/frame_extent.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/linkage.hpp"
#include "verify/x86/place_name.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace fiberproof::verify {
namespace {

constexpr std::size_t instruction_bytes_max = 15;

// The file's symbols around one address.
struct Named {
  const Symbol* function = nullptr;  // begins there, or a label that other files may use
  const Symbol* label = nullptr;     // is there
  const Symbol* data = nullptr;      // covers it
  const Symbol* chosen = nullptr;    // an indirect function's resolver is there
  const Symbol* absolute = nullptr;  // is in no section
  const Symbol* before = nullptr;    // the last one of no size before it in its section
};

Named look_up(const ObjectFile& file, std::uint64_t address) {
  Named named;
  for (const Symbol& symbol : file.symbols()) {
    const bool is_here = symbol.address == address;
    if (symbol.section == 0) {
      if (is_here) named.absolute = &symbol;
      continue;
    }
    const bool is_label = symbol.type == STT_NOTYPE;
    if (is_here && symbol.type == STT_GNU_IFUNC) named.chosen = &symbol;
    if (is_here && (symbol.is_function || (is_label && symbol.binding != STB_LOCAL))) {
      named.function = &symbol;
    }
    if (is_here && is_label) named.label = &symbol;
    if (symbol.type == STT_OBJECT && (is_here || address - symbol.address < symbol.size)) {
      named.data = &symbol;
    }
    const bool is_nearer = named.before == nullptr || symbol.address > named.before->address;
    if (symbol.address < address && symbol.size == 0 && (is_label || symbol.is_function) &&
        is_nearer) {
      named.before = &symbol;
    }
  }
  return named;
}

// There is no code to check for a symbol that another file defines.
std::optional<std::string> why_not_external(const ObjectFile& file, std::string_view symbol) {
  const auto is_weak_word = [symbol](const BoundWord& word) {
    return word.symbol == symbol && word.is_weak && !word.is_defined;
  };
  const auto is_weak = [symbol](const Symbol& external) {
    return external.name == symbol && external.binding == STB_WEAK;
  };
  if (std::ranges::none_of(file.bound_words(), is_weak_word) &&
      std::ranges::none_of(file.external_symbols(), is_weak)) {
    return std::nullopt;
  }
  return fmt::format(
      "{} is weak and this file does not define it: if no other file does, the call goes to 0; "
      "link "
      "it with the file that defines it",
      symbol);
}

std::string no_code_there(const ObjectError& error, std::uint64_t in_file, const Named& named) {
  const std::string reason =
      named.absolute == nullptr
          ? fmt::format("no code is there: {} ({})", error.reason, error.place)
          : fmt::format("no code is there: {} is an absolute symbol", named.absolute->name);
  return in_file != 0 ? reason
                      : reason +
                            "; a linker resolves an undefined weak symbol to 0: link "
                            "it with the file that defines it";
}

bool is_padding(const std::expected<Instruction, DecodeError>& first,
                std::span<const std::byte> code) {
  const bool is_zero = code.size() >= 2 && code[0] == std::byte{0} && code[1] == std::byte{0};
  return is_zero ||
         (first && (first->operation == Operation::nop || first->operation == Operation::int3));
}

std::optional<std::string> why_middle(const ObjectFile& file, std::uint64_t in_file,
                                      const Named& named) {
  if (const auto holding = file.function_holding(in_file)) {
    return fmt::format("that is the middle of {}, which has {} bytes", holding->name,
                       holding->size);
  }
  if (const auto extent = frame_extent(file, in_file)) {
    if (extent->begin == in_file) return std::nullopt;
    return fmt::format("that is the middle of the function at {}, by .eh_frame",
                       place_name(file, load_address(file, extent->begin)));
  }
  if (named.before != nullptr && !is_between_instructions(file, named.before->address, in_file)) {
    return fmt::format("that is the middle of an instruction behind {}", named.before->name);
  }
  return std::nullopt;
}

}  // namespace

bool is_between_instructions(const ObjectFile& file, std::uint64_t from, std::uint64_t address) {
  const auto stored = file.stored_code(from);
  if (!stored || address - from >= stored->size()) return true;
  for (std::uint64_t at = from; at < address;) {
    const auto bytes = stored->subspan(at - from);
    const auto decoded = decode(at, bytes.first(std::min(bytes.size(), instruction_bytes_max)));
    const std::uint8_t length = decoded ? decoded->length : decoded.error().length;
    if (length == 0) return true;  // data: what follows is unknown
    at += length;
    if (at > address) return false;
  }
  return true;
}

std::optional<std::string> why_no_function(const ObjectFile& file, std::uint64_t address) {
  const std::uint64_t in_file = file_address(file, address);
  if (const auto external = external_symbol_at(file, address)) {
    return why_not_external(file, *external);
  }
  const Named named = look_up(file, in_file);
  const auto code = file.stored_code(in_file);
  if (!code) return no_code_there(code.error(), in_file, named);
  if (named.chosen != nullptr && named.function == nullptr) {
    return fmt::format(
        "{} is chosen when the program is loaded (STT_GNU_IFUNC): name the function that is chosen",
        named.chosen->name);
  }
  const auto first = decode(address, code->first(std::min(code->size(), instruction_bytes_max)));
  if (!first && first.error().length == 0) return "the bytes there are not an instruction";
  if (named.function != nullptr && named.function->is_function) return std::nullopt;
  if (named.data != nullptr) {
    return fmt::format("{} is data of {} bytes", named.data->name, named.data->size);
  }
  const bool traps = first && first->operation == Operation::int3;
  if (named.function != nullptr && !traps) return std::nullopt;
  if (auto why = why_middle(file, in_file, named)) return why;
  const auto extent = frame_extent(file, in_file);
  const bool is_known = named.label != nullptr || (extent && extent->begin == in_file);
  if (is_padding(first, *code) && (traps || !is_known)) {
    return "that is padding, not the first byte of a function";
  }
  return std::nullopt;
}

}  // namespace fiberproof::verify
