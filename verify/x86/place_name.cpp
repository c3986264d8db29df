#include "verify/x86/place_name.hpp"

#include "verify/x86/linkage.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t load_base = 0x5555'5555'0000;

}  // namespace

std::uint64_t load_address(const ObjectFile& file, std::uint64_t address) {
  return file.is_position_independent() ? load_base + address : address;
}

std::uint64_t file_address(const ObjectFile& file, std::uint64_t address) {
  return file.is_position_independent() ? address - load_base : address;
}

std::string place_name(const ObjectFile& file, std::uint64_t address) {
  if (const auto external = external_symbol_at(file, address)) return std::string(*external);
  const std::uint64_t in_file = file_address(file, address);
  if (auto symbol = file.symbol_at(in_file)) return std::move(*symbol);
  if (const auto function = file.function_holding(in_file)) {
    return fmt::format("{}+{:#x}", function->name, in_file - function->address);
  }
  const auto place = file.place_of(in_file);
  if (!place) return fmt::format("{:#x}", in_file);
  // The addresses of a relocatable file are made up here.
  return file.is_relocatable() ? fmt::format("{}+{:#x}", place->section, place->offset)
                               : fmt::format("{:#x} in {}", in_file, place->section);
}

}  // namespace fiberproof::verify
