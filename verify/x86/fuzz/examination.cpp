#include "verify/x86/fuzz/examination.hpp"
#include "verify/object/demangled_name.hpp"
#include "verify/object/symbol_search.hpp"
#include "verify/x86/code_identity.hpp"
#include "verify/x86/fuzz/loader.hpp"
#include "verify/x86/fuzz/oracle.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace fiberproof::verify {
namespace {

// A query searches all symbols or all bytes: asking for more would only take time.
constexpr std::size_t symbols_searched_max = 256;
constexpr std::size_t decoded_bytes_max = 2048;
constexpr std::size_t loaded_bytes_max = 64;
constexpr std::size_t occurrence_offset_max = 64;
// All symbols of a file may share one name as long as the file.
constexpr std::size_t name_bytes_noted_max = 64;

constexpr std::string_view section_names[] = {
    "",        ".text",    ".data",      ".bss",  ".symtab", ".dynsym",
    ".strtab", ".dynamic", ".rela.text", ".tbss", ".plt",    "fiberproof_text"};

std::string place_of_routine(const Routine& routine) {
  return fmt::format("{} at {:#x}, {} bytes", routine.symbol, routine.address,
                     routine.bytes.size());
}

}  // namespace

void require(bool holds, std::string_view oracle, const std::function<std::string()>& detail) {
  if (!holds) {
    report_violation(oracle, detail());
  }
}

// An error is for people: complete, in one line.
void check_error(const ObjectError& error) {
  const std::string line = message(error);
  require(!error.reason.empty() && !error.place.empty(), "an error has a reason and a place",
          [&] { return line; });
  require(error.path.starts_with(input_name) && line.starts_with("fiberproof: input"),
          "an error names its file", [&] { return line; });
  require(is_one_line(line), "an error is one line of text", [&] { return line; });
}

bool Examination::has_symbol_at(std::string_view name, std::uint64_t address) const {
  const auto is_there = [&](const Symbol& symbol) {
    return symbol.name == name && symbol.address == address;
  };
  return std::ranges::any_of(file_.symbols(), is_there) ||
         std::ranges::any_of(file_.external_symbols(), is_there);
}

std::string Examination::run() {
  note(fmt::format("relocatable {} position-independent {}", file_.is_relocatable(),
                   file_.is_position_independent()));
  ask_sections();
  for (const Symbol& symbol : file_.symbols()) {
    note(fmt::format("symbol {} {:#x} {} {} {} {} {} {}",
                     symbol.name.substr(0, name_bytes_noted_max), symbol.address, symbol.size,
                     symbol.section, static_cast<int>(symbol.type),
                     static_cast<int>(symbol.binding), symbol.is_default_version,
                     file_.qualifier(symbol).substr(0, name_bytes_noted_max)));
  }
  ask_entry();
  ask_external_symbols();
  const auto& symbols = file_.symbols();
  for (std::size_t index = 0; index < std::min(symbols.size(), symbols_asked_max); ++index) {
    ask_symbol(symbols[index]);
  }
  for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    ask_address(address);
    require(!is_answer(file_.bytes(address, ~std::size_t{0})), "no file holds 2^64 bytes",
            [&] { return fmt::format("from {:#x} on", address); });
  }
  return std::move(answers_);
}

void Examination::ask_sections() {
  for (const std::string_view name : section_names) {
    const auto section = file_.section(name);
    if (!is_answer(section)) {
      note(message(section.error()));
      continue;
    }
    require(section->name == name, "a section has the name that was asked for",
            [&] { return section->name; });
    note(fmt::format("section {} {:#x} {}", name, section->address, section->bytes.size()));
    if (!section->bytes.empty()) {
      ask_address(section->address);
      ask_address(section->address + section->bytes.size() - 1);
      ask_address(section->address + section->bytes.size());
    }
  }
}

void Examination::ask_address(std::uint64_t address) {
  const std::optional<std::string> symbol = file_.symbol_at(address);
  const auto place = file_.place_of(address);
  const bool has_byte = is_answer(file_.bytes(address, 1));
  note(fmt::format("address {:#x}: {} {}+{:#x} {}", address, symbol.value_or("-"),
                   place ? place->section : "-", place ? place->offset : 0, has_byte));
  require(!symbol || has_symbol_at(*symbol, address), "a symbol is where it is found",
          [&] { return fmt::format("{} at {:#x}", *symbol, address); });
  require(place || !has_byte, "a byte lies in a section",
          [&] { return fmt::format("{:#x}", address); });
  if (place && has_byte) {
    if (const auto section = file_.section(place->section)) {
      require(
          section->address + place->offset == address && place->offset < section->bytes.size() &&
              section->bytes[place->offset] == file_.bytes(address, 1)->front(),
          "a place is an offset into its section",
          [&] { return fmt::format("{:#x}: {}+{:#x}", address, place->section, place->offset); });
    }
  }
}

// An external symbol has an address that nothing else has.
void Examination::ask_external_symbols() {
  const auto& external = file_.external_symbols();
  require(external.empty() || file_.is_relocatable(), "a linked file places nothing itself",
          [&] { return fmt::format("{} symbols", external.size()); });
  require(std::ranges::adjacent_find(external, std::greater_equal{}, &Symbol::address) ==
              external.end(),
          "each external symbol has an address of its own",
          [&] { return fmt::format("{} symbols", external.size()); });
  for (std::size_t index = 0; index < std::min(external.size(), symbols_asked_max); ++index) {
    ask_callee(external[index]);
    require(!file_.place_of(external[index].address), "an external symbol is in no section",
            [&] { return fmt::format("{:#x}", external[index].address); });
  }
}

void Examination::ask_callee(const Symbol& symbol) {
  const auto callee = file_.callee(symbol.name);
  if (!is_answer(callee)) return;
  require(has_symbol_at(symbol.name, *callee), "a callee is where a symbol of its name is",
          [&] { return fmt::format("{} at {:#x}", symbol.name, *callee); });
  const auto function = file_.function_holding(*callee);
  require(!function || (function->is_function && *callee - function->address < function->size),
          "a function holds its addresses", [&] { return fmt::format("{:#x}", *callee); });
}

// A symbol is found by its name, and by its demangled name.
void Examination::ask_names(const Symbol& symbol) {
  const auto binding = file_.binding_of(symbol.name);
  require(symbol.section == 0 || (binding && file_.knows(symbol.name)),
          "a symbol that the file defines is known", [&] { return std::string(symbol.name); });
  note(fmt::format("group {}", file_.group_of(symbol.name).substr(0, name_bytes_noted_max)));
  if (file_.symbols().size() > symbols_searched_max || !file_.is_code(symbol)) return;
  const auto text = demangled(symbol.name);
  if (!text) return;
  const MeantSymbols meant = symbols_meant(std::span(&file_, 1), *text);
  require(symbol.type != STT_FUNC || !meant.symbols.empty(),
          "a function is found by its demangled name", [&] { return *text; });
  for (const std::string& name : meant.symbols) {
    require(file_.knows(name), "a name that is meant is in the file", [&] { return name; });
  }
}

// Code by its address alone, as in a file without symbols or sections.
void Examination::ask_entry() {
  Elf64_Ehdr header;
  if (input_.size() < sizeof header || file_.is_relocatable()) return;
  std::memcpy(&header, input_.data(), sizeof header);
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{16}}) {
    const auto code = file_.code("entry", header.e_entry, bytes);
    if (!is_answer(code)) continue;
    ask_loader(*code);
    decode_routine(*code);
  }
}

void Examination::ask_symbol(const Symbol& symbol) {
  ask_address(symbol.address);
  ask_callee(symbol);
  ask_names(symbol);
  const auto routine = file_.routine(symbol.name);
  if (!is_answer(routine)) {
    note(message(routine.error()));
    return;
  }
  const bool is_listed = std::ranges::any_of(file_.symbols(), [&](const Symbol& listed) {
    return listed.name == symbol.name && listed.address == routine->address &&
           listed.size == routine->bytes.size() && listed.is_function;
  });
  require(routine->symbol == symbol.name && !routine->bytes.empty() && is_listed,
          "a routine is a function of that name with a size",
          [&] { return place_of_routine(*routine); });
  ask_routine(*routine);
}

void Examination::ask_routine(const Routine& routine) {
  file_.is_relocatable() ? ask_relocatable_routine(routine) : ask_linked_routine(routine);
  ask_occurrences(routine, 2);
  ask_occurrences(routine, 16);
  decode_routine(routine);
}

void Examination::ask_linked_routine(const Routine& routine) {
  const std::size_t size = routine.bytes.size();
  const auto require_of_routine = [&](bool holds, std::string_view oracle) {
    require(holds, oracle, [&] { return place_of_routine(routine); });
  };
  const auto whole = file_.bytes(routine.address, size);
  require_of_routine(is_answer(whole) && std::ranges::equal(*whole, routine.bytes),
                     "a linked routine's bytes are those at its address");
  for (const std::size_t from : {std::size_t{0}, size / 2, size - 1}) {
    const auto part = file_.bytes(routine.address + from, size - from);
    require_of_routine(is_answer(part) && std::ranges::equal(*part, whole->subspan(from)),
                       "a part of some bytes is the same bytes");
  }
  const auto code = file_.code(routine.symbol, routine.address, size);
  require_of_routine(is_answer(code) && code->address == routine.address &&
                         code->symbol == routine.symbol && code->bytes == routine.bytes,
                     "a routine is code, with the same guarantees");
  require_of_routine(
      file_.symbol_at(routine.address).has_value() && file_.place_of(routine.address).has_value(),
      "a linked routine has a symbol and a place");
  ask_loader(routine);
}

void Examination::ask_loader(const Routine& routine) {
  if (!is_loadable(input_)) {
    return;
  }
  const std::size_t stride = 1 + routine.bytes.size() / loaded_bytes_max;
  for (std::size_t at = 0; at < routine.bytes.size(); at += stride) {
    const auto mapped = mapped_byte(input_, routine.address + at);
    require(mapped && mapped->executable && !mapped->writable && mapped->value == routine.bytes[at],
            "a linked routine's bytes are those that will run, and stay so",
            [&] { return fmt::format("{}: byte {}", place_of_routine(routine), at); });
  }
}

void Examination::ask_relocatable_routine(const Routine& routine) {
  const auto require_of_routine = [&](bool holds, std::string_view oracle) {
    require(holds, oracle, [&] { return place_of_routine(routine); });
  };
  const auto code = file_.code(routine.symbol, routine.address, routine.bytes.size());
  require_of_routine(is_answer(code) && code->bytes == routine.bytes,
                     "a placed routine is code, with the same relocations");
  const auto raw = file_.bytes(routine.address, routine.bytes.size());
  require_of_routine(is_answer(raw) == routine.relocated.empty() &&
                         (!raw || std::ranges::equal(*raw, routine.bytes)),
                     "only what a relocation changes is not as the file has it");
  std::uint64_t end = 0;
  for (const RelocatedField& field : routine.relocated) {
    const bool is_apart = field.offset >= end && field.bytes <= routine.bytes.size() &&
                          field.offset <= routine.bytes.size() - field.bytes;
    require_of_routine(is_apart, "relocated fields are apart, and inside their routine");
    end = field.offset + field.bytes;
  }
}

void Examination::ask_occurrences(const Routine& routine, std::size_t bytes_max) {
  if (!routine.relocated.empty()) return;  // the file's own bytes are searched for
  const std::span<const std::byte> code = routine.bytes;
  const auto pattern = code.first(std::min(code.size(), bytes_max));
  const std::vector<std::uint64_t> found = file_.occurrences_in_code(pattern);
  const auto require_of_routine = [&](bool holds, std::string_view oracle) {
    require(holds, oracle, [&] { return place_of_routine(routine); });
  };
  note(fmt::format("{} occurrences", found.size()));
  require_of_routine(std::ranges::adjacent_find(found, std::greater_equal{}) == found.end(),
                     "each occurrence is found once, lowest address first");
  for (const std::uint64_t address : found) {
    const auto bytes = file_.bytes(address, pattern.size());
    require_of_routine(is_answer(bytes) ? std::ranges::equal(*bytes, pattern)
                                        : bytes.error().kind == ObjectError::Kind::relocated,
                       "the bytes at an occurrence are those looked for");
  }
  // They may overlap.
  const std::size_t last = std::min(code.size() - pattern.size(), occurrence_offset_max);
  for (std::size_t at = 0; at <= last; ++at) {
    require_of_routine(!std::ranges::equal(code.subspan(at, pattern.size()), pattern) ||
                           std::ranges::binary_search(found, routine.address + at),
                       "every occurrence is found");
  }
}

void Examination::decode_routine(const Routine& routine) {
  const std::span<const std::byte> code = routine.bytes;
  if (code.size() > decoded_bytes_max - decoded_bytes_) return;
  decoded_bytes_ += code.size();
  std::size_t instructions = 0;
  std::set<std::size_t> begins;
  std::set<std::uint64_t> targets;
  bool is_all_code = true;
  for (std::size_t at = 0; at < code.size();) {
    const auto decoded = decode_checked(routine.address + at, code.subspan(at));
    note(describe(decoded));
    begins.insert(at);
    const std::uint8_t length = decoded ? decoded->length : decoded.error().length;
    is_all_code = is_all_code && length != 0;
    if (decoded && decoded->relative) targets.insert(decoded->relative->target - routine.address);
    instructions += length != 0 ? 1 : 0;
    at += std::max<std::size_t>(length, 1);
  }
  const CodeIdentity identity = identify(file_, routine);
  require(identity.bytes == code.size(), "a routine's identity is of all its bytes",
          [&] { return place_of_routine(routine); });
  // Without data and without jumps into an instruction, one sweep finds all that control reaches.
  const bool is_one_sweep = is_all_code && std::ranges::all_of(targets, [&](std::uint64_t target) {
                              return target >= code.size() || begins.contains(target);
                            });
  require(!is_one_sweep || identity.instructions == instructions,
          "a routine's identity is that of its instructions",
          [&] { return place_of_routine(routine); });
  note(fmt::format("hash {:016x}", identity.hash));
}

}  // namespace fiberproof::verify
