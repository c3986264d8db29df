#include "core/symbols.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <ranges>
#include <utility>

namespace fiberproof {
namespace {

template <class Type>
using FreedPointer = std::unique_ptr<Type, decltype([](Type* allocated) { std::free(allocated); })>;

std::string demangled(const char* name) {
  int status = 0;
  const FreedPointer<char> readable(abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 ? readable.get() : name;
}

std::string hex(std::uint64_t value) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// The compile unit with this address, and the bias of its addresses. Compilers do not always index
/// units by address, so all units are searched.
struct CompileUnit {
  Dwarf_Die* unit = nullptr;
  Dwarf_Addr bias = 0;
};

CompileUnit compile_unit_of(Dwfl_Module* module, std::uint64_t address) {
  CompileUnit found;
  while ((found.unit = dwfl_module_nextcu(module, found.unit, &found.bias)) != nullptr) {
    if (dwarf_haspc(found.unit, address - found.bias) == 1) {
      break;
    }
  }
  return found;
}

bool is_scope(int tag) {
  return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
         tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/// Adds the inlined functions below `parent` that have this address, outermost first. Returns
/// whether there is any scope with it. dwarf_getscopes does not look into namespaces.
bool find_inlined(Dwarf_Die parent, Dwarf_Addr address, std::vector<Dwarf_Die>& inlined) {
  Dwarf_Die child;
  for (int end = dwarf_child(&parent, &child); end == 0; end = dwarf_siblingof(&child, &child)) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_namespace && find_inlined(child, address, inlined)) {
      return true;
    }
    if (is_scope(tag) && dwarf_haspc(&child, address) == 1) {
      if (tag == DW_TAG_inlined_subroutine) {
        inlined.push_back(child);
      }
      find_inlined(child, address, inlined);
      return true;
    }
  }
  return false;
}

std::string function_name(Dwarf_Die* function) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) != nullptr) {
    if (const char* const mangled = dwarf_formstring(&attribute)) {
      return demangled(mangled);
    }
  }
  const char* const name = dwarf_diename(function);
  return name == nullptr ? "?" : name;
}

void place_at_line(SourceFrame& frame, Dwarf_Die* unit, Dwarf_Addr address) {
  if (Dwarf_Line* const line = dwarf_getsrc_die(unit, address)) {
    const char* const file = dwarf_linesrc(line, nullptr, nullptr);
    dwarf_lineno(line, &frame.line);
    frame.file = file == nullptr || frame.line == 0 ? "" : file;
  }
}

/// The call site of an inlined function.
void place_at_call(SourceFrame& frame, Dwarf_Die* unit, Dwarf_Die* inlined) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Files* files = nullptr;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0 &&
      dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0 &&
      dwarf_getsrcfiles(unit, &files, nullptr) == 0) {
    const char* const name = dwarf_filesrc(files, file, nullptr, nullptr);
    frame.file = name == nullptr ? "" : name;
    frame.line = static_cast<int>(line);
  }
}

/// The symbol, which exists even without debug information, or module+offset.
std::string symbol_name(Dwfl_Module* module, std::uint64_t address) {
  GElf_Off offset = 0;
  GElf_Sym symbol;
  const char* const name =
      dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
  if (name != nullptr) {
    return demangled(name);
  }
  Dwarf_Addr first = 0;
  const char* const file =
      dwfl_module_info(module, nullptr, &first, nullptr, nullptr, nullptr, nullptr, nullptr);
  return std::filesystem::path(file).filename().string() + "+" + hex(address - first);
}

SourceFrames frames_in(Dwfl_Module* module, std::uint64_t address) {
  SourceFrames frames(1);
  if (const auto [unit, bias] = compile_unit_of(module, address); unit != nullptr) {
    place_at_line(frames.back(), unit, address - bias);
    std::vector<Dwarf_Die> inlined;
    find_inlined(*unit, address - bias, inlined);
    for (Dwarf_Die& function : inlined | std::views::reverse) {
      frames.back().function = function_name(&function);
      place_at_call(frames.emplace_back(), unit, &function);
    }
  }
  frames.back().function = symbol_name(module, address);
  return frames;
}

}  // namespace

void Symbols::End::operator()(Dwfl* session) const {
  dwfl_end(session);
}

Symbols::Symbols() {
  static const Dwfl_Callbacks callbacks{.find_elf = dwfl_linux_proc_find_elf,
                                        .find_debuginfo = dwfl_standard_find_debuginfo,
                                        .section_address = nullptr,
                                        .debuginfo_path = nullptr};
  session_.reset(dwfl_begin(&callbacks));
  if (session_ != nullptr) {
    dwfl_linux_proc_report(session_.get(), ::getpid());
    dwfl_report_end(session_.get(), nullptr, nullptr);
  }
}

SourceFrames Symbols::find(std::uint64_t address) const {
  Dwfl_Module* const module =
      session_ == nullptr ? nullptr : dwfl_addrmodule(session_.get(), address);
  return module == nullptr ? SourceFrames{{hex(address), "", 0}} : frames_in(module, address);
}

}  // namespace fiberproof
