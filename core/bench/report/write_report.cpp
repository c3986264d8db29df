#include "core/bench/report/write_report.hpp"

#include "core/bench/report/plot.hpp"
#include "core/bench/report/table.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace fiberproof::bench {
namespace {

namespace fs = std::filesystem;

std::string unfinished(const std::string& path) {
  return path + ".new";
}

std::expected<std::string, ReportError> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad() || fs::is_directory(path)) {
    return std::unexpected(ReportError{path, "", "cannot be read"});
  }
  return text;
}

std::expected<void, ReportError> write_unfinished(const std::string& path,
                                                  const std::string& text) {
  std::ofstream file(unfinished(path), std::ios::binary);
  file << text;
  file.close();
  if (file) return {};
  return std::unexpected(ReportError{unfinished(path), "", "cannot be written"});
}

std::expected<void, ReportError> finish(const std::string& path) {
  std::error_code error;
  fs::rename(unfinished(path), path, error);
  if (!error) return {};
  return std::unexpected(ReportError{path, "", "cannot be replaced: " + error.message()});
}

}  // namespace

std::expected<std::vector<Judgement>, ReportError> write_report(const ReportPaths& paths) {
  const auto text = read_file(paths.json);
  if (!text.has_value()) return std::unexpected(text.error());
  const auto measurements = read_measurements(paths.json, *text);
  if (!measurements.has_value()) return std::unexpected(measurements.error());

  for (const auto& written : {write_unfinished(paths.markdown, markdown(*measurements)),
                              write_unfinished(paths.svg, svg(*measurements))}) {
    if (!written.has_value()) return std::unexpected(written.error());
  }
  for (const std::string& path : {paths.markdown, paths.svg}) {
    if (const auto finished = finish(path); !finished.has_value()) {
      return std::unexpected(finished.error());
    }
  }
  std::vector<Judgement> judgements;
  for (const Claim& claim : all_claims) judgements.push_back(judge(claim, *measurements));
  return judgements;
}

}  // namespace fiberproof::bench
