#include "verify/object/source_lines.hpp"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>
#include <map>

namespace fiberproof::verify {
namespace {

// A relocatable file is placed by libdw itself; debug information elsewhere is not looked for.
int no_separate_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                     GElf_Word, char**) {
  return -1;
}

constexpr Dwfl_Callbacks callbacks{.find_elf = nullptr,
                                   .find_debuginfo = &no_separate_file,
                                   .section_address = &dwfl_offline_section_address,
                                   .debuginfo_path = nullptr};

}  // namespace

struct SourceLines::Tables {
  struct Place {
    Dwfl_Module* module;
    GElf_Addr address;
    bool is_alone = true;  ///< no other function has the name
  };

  std::unique_ptr<Dwfl, decltype(&dwfl_end)> dwfl{dwfl_begin(&callbacks), &dwfl_end};
  std::map<std::string, Place, std::less<>> functions;

  void add_functions_of(Dwfl_Module* module) {
    const int count = dwfl_module_getsymtab(module);
    for (int index = 0; index < count; ++index) {
      GElf_Sym symbol{};
      GElf_Addr address = 0;
      const char* const name =
          dwfl_module_getsym_info(module, index, &symbol, &address, nullptr, nullptr, nullptr);
      const bool is_code =
          GELF_ST_TYPE(symbol.st_info) == STT_FUNC || GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE;
      if (name == nullptr || !is_code || symbol.st_shndx == SHN_UNDEF) continue;
      const auto [found, is_new] = functions.try_emplace(name, Place{module, address});
      const bool is_same = found->second.module == module && found->second.address == address;
      if (!is_new && !is_same) found->second.is_alone = false;
    }
  }
};

SourceLines::SourceLines(const std::string& path) : tables_(std::make_unique<Tables>()) {
  Dwfl* const dwfl = tables_->dwfl.get();
  if (dwfl == nullptr) return;
  dwfl_report_begin(dwfl);
  dwfl_report_offline(dwfl, "", path.c_str(), -1);
  dwfl_report_end(dwfl, nullptr, nullptr);
  dwfl_getmodules(
      dwfl,
      [](Dwfl_Module* module, void**, const char*, Dwarf_Addr, void* tables) {
        static_cast<Tables*>(tables)->add_functions_of(module);
        return static_cast<int>(DWARF_CB_OK);
      },
      tables_.get(), 0);
}

SourceLines::SourceLines(SourceLines&& other) noexcept = default;
SourceLines::~SourceLines() = default;

std::optional<SourcePlace> SourceLines::at(const std::string& symbol, std::uint64_t offset) const {
  const auto found = tables_->functions.find(symbol);
  if (found == tables_->functions.end() || !found->second.is_alone) return std::nullopt;
  const auto [module, address, is_alone] = found->second;
  // Unit by unit: compilers need not write which unit an address is in (.debug_aranges).
  Dwarf_Addr bias = 0;
  for (Dwarf_Die* unit = dwfl_module_nextcu(module, nullptr, &bias); unit != nullptr;
       unit = dwfl_module_nextcu(module, unit, &bias)) {
    Dwarf_Line* const line = dwarf_getsrc_die(unit, address + offset - bias);
    int number = 0;
    if (line == nullptr || dwarf_lineno(line, &number) != 0 || number < 1) continue;
    const char* const file = dwarf_linesrc(line, nullptr, nullptr);
    if (file != nullptr) return SourcePlace{file, static_cast<unsigned>(number)};
  }
  return std::nullopt;
}

}  // namespace fiberproof::verify
