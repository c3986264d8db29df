#include "verify/cli/engine_finding.hpp"

#include "fuzz/minimize/minimize.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

namespace fiberproof::verify {
namespace {

using fuzz::engine::Driver;
using fuzz::engine::Verdict;

constexpr std::size_t lines_kept = 60;  // of what an engine printed last

std::expected<void, std::string> write(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return {};
  return std::unexpected(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

// FOLDER, or FOLDER.2 and so on: whatever is there stays.
std::expected<std::string, std::string> make_new_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  for (unsigned number = 1; !error; ++number) {
    std::string name = number == 1 ? path : fmt::format("{}.{}", path, number);
    if (std::filesystem::create_directory(name, error)) return name;
  }
  return std::unexpected(fmt::format("{}: cannot be made: {}", path, error.message()));
}

std::string shell_word(const std::string& word) {
  const bool is_plain = !word.empty() && std::ranges::all_of(word, [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view("/._-+,:=@").find(letter) != std::string_view::npos;
  });
  if (is_plain) return word;
  std::string quoted = "'";
  for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

std::expected<void, std::string> write_modules(const fuzz::wasm::Translation& translation,
                                               const std::string& folder) {
  for (std::size_t index = 0; index < translation.modules.size(); ++index) {
    const fuzz::wasm::Module& module = translation.modules[index];
    const std::string path = fmt::format("{}/module-{}", folder, index);
    const std::string_view bytes(reinterpret_cast<const char*>(module.bytes.data()),
                                 module.bytes.size());
    if (auto written = write(path + ".wasm", bytes); !written) return written;
    if (auto written = write(path + ".wat", module.text); !written) return written;
  }
  return {};
}

// The verdict of each engine on the program alone, one line each.
std::string said_by_all(const EngineFinding& finding, const std::vector<Driver*>& all,
                        const EngineParts& parts) {
  std::string text;
  for (Driver* const driver : all) {
    const auto translation =
        parts.translate(*finding.program, options_for(driver->engine().protocol));
    text += fmt::format("{} {}: {}\n", driver->engine().name, driver->engine().version,
                        describe(driver->judge_alone(translation)));
  }
  return text;
}

std::string last_of(const std::vector<std::string>& lines) {
  std::string text;
  const std::size_t skipped = lines.size() - std::min(lines.size(), lines_kept);
  for (const std::string& line : std::span(lines).subspan(skipped)) text += line + '\n';
  return text;
}

std::string told(const EngineFinding& finding, const Driver& driver) {
  std::string text =
      fmt::format("{} {}: {}\nfrom {}, met {}\n", driver.engine().name, driver.engine().version,
                  describe(finding.verdict), finding.origin, counted(finding.count, "time"));
  if (finding.known != nullptr) {
    text += fmt::format("known as {}: {}\n", finding.known->name, finding.known->ledger);
  }
  return text;
}

}  // namespace

void minimize_finding(EngineFinding& finding, Driver& driver, const EngineParts& parts,
                      const std::function<void(std::size_t, unsigned)>& on_attempt) {
  if (finding.verdict.is_only_in_batch || finding.verdict.is_seen_once) return;
  const auto options = options_for(driver.engine().protocol);
  unsigned attempts = 0;
  std::size_t steps = finding.program->steps.size();
  const auto still_shows = [&](const fuzz::Program& candidate) {
    on_attempt(steps, ++attempts);
    if (is_interrupted()) return false;
    const auto translation = parts.translate(candidate, options);
    if (translation.contents.steps == 0) return false;  // It would not be run.
    const Verdict verdict = driver.judge_alone(translation);
    const bool is_same = signature(verdict) == finding.signature;
    if (is_same) {
      steps = candidate.steps.size();
      finding.verdict = verdict;
    }
    return is_same;
  };
  fuzz::minimize(*finding.program, still_shows, engine_attempts_max);
}

std::expected<std::string, std::string> keep_engine_finding(EngineFinding& finding, Driver& driver,
                                                            const std::vector<Driver*>& all,
                                                            const EngineParts& parts,
                                                            const std::string& out) {
  const std::string name =
      driver.engine().name + "-" + fuzz::engine::folder_name(finding.signature);
  auto folder = make_new_folder(out + "/" + name);
  if (!folder) return folder;
  auto options = options_for(driver.engine().protocol);
  options.with_text = true;
  std::vector<fuzz::wasm::Translation> translations;
  for (const auto& program : finding.before) {
    translations.push_back(parts.translate(*program, options));
  }
  translations.push_back(parts.translate(*finding.program, options));
  std::vector<const fuzz::wasm::Translation*> programs;
  for (const auto& translation : translations) programs.push_back(&translation);

  const std::string said = said_by_all(finding, all, parts);
  const Verdict again = driver.judge_in(programs, *folder);
  const bool is_shown = signature(again) == finding.signature;
  const std::string command = shell_line(driver.last_command());
  const std::string text =
      fmt::format("{}\nEach engine, with this program alone:\n{}\n{}:\n  {}\nIt printed:\n{}",
                  told(finding, driver), said,
                  is_shown ? "This command shows it again" : "This command did not show it again",
                  command, last_of(driver.last_lines()));
  if (auto kept = write(*folder + "/program.program", print(*finding.program)); !kept) {
    return std::unexpected(kept.error());
  }
  if (auto kept = write_modules(translations.back(), *folder); !kept) {
    return std::unexpected(kept.error());
  }
  if (auto kept = write(*folder + "/said.txt", text); !kept) return std::unexpected(kept.error());
  for (std::size_t index = 0; index < finding.before.size(); ++index) {
    const std::string path = fmt::format("{}/before-{}.program", *folder, index);
    if (auto kept = write(path, print(*finding.before[index])); !kept) {
      return std::unexpected(kept.error());
    }
  }
  finding.folder = *folder;
  finding.steps = finding.program->steps.size();
  return is_shown ? command : std::string();
}

}  // namespace fiberproof::verify
