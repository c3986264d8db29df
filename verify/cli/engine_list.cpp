#include "verify/cli/engine_list.hpp"

#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/engine_process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace fiberproof::verify {
namespace {

std::expected<std::string, std::string> contents_of(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    return std::unexpected(fmt::format("{}: cannot be read: it is no file", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file) return text;
  return std::unexpected(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
}

}  // namespace

std::string installed_engine_table() {
  for (const std::string folder : {".", FIBERPROOF_SOURCE}) {
    const std::string path = folder + "/.build/engines/engines.txt";
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

std::expected<std::vector<fuzz::engine::Engine>, std::string> read_engines(
    const std::string& table, const std::vector<std::string>& options) {
  std::vector<fuzz::engine::Engine> engines;
  if (!table.empty()) {
    const auto text = contents_of(table);
    if (!text) return std::unexpected(text.error());
    auto read = fuzz::engine::parse_engine_table(*text, table);
    if (!read) return read;
    engines = std::move(*read);
  }
  std::vector<fuzz::engine::Engine> named;
  for (const std::string& option : options) {
    auto engine = fuzz::engine::parse_engine_option(option);
    if (!engine) return std::unexpected(engine.error());
    const auto is_same = [&](const auto& other) { return other.name == engine->name; };
    if (std::ranges::any_of(named, is_same)) {
      return std::unexpected(fmt::format(
          "--engine {}: that name is given twice: give each a name of its own", option));
    }
    std::erase_if(engines, is_same);
    named.push_back(*engine);
    engines.push_back(std::move(*engine));
  }
  return engines;
}

std::expected<std::vector<fuzz::engine::KnownDisagreement>, std::string> read_known_disagreements(
    const std::string& path) {
  std::string file = path;
  if (file.empty()) {
    const auto corpus = corpus_folder();
    if (!corpus) return std::unexpected(corpus.error());
    file = *corpus + "/engines/known.txt";
  }
  const auto text = contents_of(file);
  if (!text) return std::unexpected(text.error());
  return fuzz::engine::parse_known(*text, file);
}

std::vector<std::unique_ptr<fuzz::engine::Driver>> prepare_engines(
    const std::vector<fuzz::engine::Engine>& engines, const fuzz::engine::DriverOptions& options,
    std::vector<EngineReport>& reports) {
  std::vector<std::unique_ptr<fuzz::engine::Driver>> drivers;
  std::vector<EngineReport> left_out;
  for (const fuzz::engine::Engine& engine : engines) {
    auto driver =
        std::make_unique<fuzz::engine::Driver>(engine, options, engine_runner(options.scratch));
    const auto prepared = driver->prepare();
    EngineReport report;
    report.name = engine.name;
    report.version = driver->engine().version;
    if (prepared) {
      reports.push_back(std::move(report));
      drivers.push_back(std::move(driver));
    } else {
      report.left_out = prepared.error();
      left_out.push_back(std::move(report));
    }
  }
  std::ranges::move(left_out, std::back_inserter(reports));
  return drivers;
}

}  // namespace fiberproof::verify
