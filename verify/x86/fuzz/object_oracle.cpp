// The reader's oracles: each answer must agree with the other answers about the same bytes.
#include "verify/object/archive_members.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/x86/fuzz/examination.hpp"
#include "verify/x86/fuzz/oracle.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <ranges>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::size_t members_asked_max = 8;

// The files beside a thin archive: some are missing, some equal one of the input's members, and
// some are the input itself as an archive with its members.
ObjectArchive::ReadFile files_beside(std::span<const std::byte> input) {
  return
      [input](
          const std::filesystem::path& path) -> std::expected<std::vector<std::byte>, ObjectError> {
        const std::string name = path.string();
        std::vector<std::byte> file(input.begin(), input.end());
        if (name.size() % 3 == 0) {
          return std::unexpected(
              ObjectError{ObjectError::Kind::unreadable, name, "is not there", "opening it"});
        }
        constexpr std::string_view magic = "!<arch>\n";
        if (name.size() % 3 == 1) {
          std::memcpy(file.data(), magic.data(), std::min(magic.size(), file.size()));
          return file;
        }
        constexpr std::string_view elf(ELFMAG, SELFMAG);
        const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
        const std::size_t at = std::min(text.find(elf), text.size());
        return std::vector(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
      };
}

// No other member defines the symbol more strongly, nor does an earlier one define it as strongly.
void check_member(const ObjectArchive& archive, const ObjectFile& chosen, std::string_view symbol) {
  const auto binding = chosen.binding_of(symbol);
  require(binding.has_value(), "a member that is chosen by a symbol defines it",
          [&] { return std::string(symbol); });
  bool is_before = true;
  for (const ObjectFile& file : archive.files()) {
    is_before = is_before && &file != &chosen;
    const auto other = file.binding_of(symbol);
    require(!other || (is_before ? *other < *binding : *other <= *binding),
            "a member is chosen as a linker would",
            [&] { return fmt::format("{}: {} or {}", symbol, chosen.path(), file.path()); });
  }
}

std::string answers_of(std::span<const std::byte> input) {
  const auto opened = ObjectArchive::parse(
      std::string(input_name), std::vector(input.begin(), input.end()), files_beside(input));
  if (!is_answer(opened)) return message(opened.error());
  const std::vector<ObjectFile>& files = opened->files();
  require(opened->is_archive() ? !files.empty() : files.size() == 1, "a file is one file",
          [&] { return fmt::format("{} files", files.size()); });
  if (!opened->is_archive()) return Examination(files.front(), input).run();
  std::string answers = opened->why_missing("no such name");
  for (std::size_t index = 0; index < std::min(files.size(), members_asked_max); ++index) {
    // A linked file inside an archive differs from a loaded one: its bytes lie within another file.
    answers += Examination(files[index], {}).run();
    for (const Symbol& symbol : files[index].symbols() | std::views::take(symbols_asked_max)) {
      const auto member = opened->defining(symbol.name);
      if (is_answer(member)) check_member(*opened, **member, symbol.name);
    }
  }
  return answers;
}

bool is_refusal(const std::string& answers) {
  return answers.starts_with("fiberproof: ");
}

}  // namespace

void check_object_file(std::span<const std::byte> input) {
  (void)answers_of(input);
}

void check_determinism(std::span<const std::byte> input) {
  const std::string answers = answers_of(input);
  const auto differs = [&](const std::string& other) {
    return [&answers, &other] {
      const auto at = std::ranges::mismatch(answers, other).in1 - answers.begin();
      const auto from = static_cast<std::size_t>(at);
      return fmt::format("from byte {} of the answers on: {} | {}", from, answers.substr(from, 80),
                         other.substr(std::min(from, other.size()), 80));
    };
  };
  const std::string again = answers_of(input);
  require(answers == again, "the same bytes give the same answers", differs(again));
  // The last member of an archive ends where the archive does.
  if (!is_refusal(answers) && !is_archive(input)) {
    std::vector<std::byte> longer(input.begin(), input.end());
    longer.resize(longer.size() + 65, std::byte{0x7f});
    const std::string followed = answers_of(longer);
    require(answers == followed, "bytes that nothing points to change no answer",
            differs(followed));
  }
}

}  // namespace fiberproof::verify
