#include "verify/obligation/switch_sites.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <cstring>

namespace fiberproof::verify {
namespace {

struct Entry {
  std::int32_t start_from_here;
  std::uint32_t bytes;
};

}  // namespace

std::expected<std::vector<Routine>, std::string> switch_sites(const ObjectFile& file,
                                                              std::string_view section) {
  const auto table = file.section(section);
  if (!table) return std::unexpected(message(table.error()));
  if (table->bytes.empty() || table->bytes.size() % sizeof(Entry) != 0) {
    return std::unexpected(fmt::format("fiberproof: {}: section {} has {} bytes, not whole entries",
                                       file.path(), section, table->bytes.size()));
  }
  std::vector<Routine> sites;
  for (std::size_t offset = 0; offset < table->bytes.size(); offset += sizeof(Entry)) {
    Entry entry{};
    std::memcpy(&entry, table->bytes.data() + offset, sizeof entry);
    const std::uint64_t address =
        table->address + offset + static_cast<std::uint64_t>(std::int64_t{entry.start_from_here});
    auto site = file.code("stack_switch", address, entry.bytes);
    if (!site) return std::unexpected(message(site.error()));
    sites.push_back(std::move(*site));
  }
  return sites;
}

std::expected<Routine, std::string> proved_switch_site(const ObjectFile& file,
                                                       std::string_view section) {
  auto sites = switch_sites(file, section);
  if (!sites) return std::unexpected(sites.error());
  for (const Routine& site : *sites) {
    if (site.bytes != sites->front().bytes) {
      return std::unexpected(
          fmt::format("fiberproof: {}: the switch at {:#x} differs from the one at {:#x}",
                      file.path(), site.address, sites->front().address));
    }
  }
  for (const std::uint64_t address : file.occurrences_in_code(sites->front().bytes)) {
    if (std::ranges::find(*sites, address, &Routine::address) == sites->end()) {
      return std::unexpected(
          fmt::format("fiberproof: {}: the switch at {:#x} is not in the table {}", file.path(),
                      address, section));
    }
  }
  return std::move(sites->front());
}

}  // namespace fiberproof::verify
