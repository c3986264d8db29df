#include "core/bench/report/write_report.hpp"

#include "core/bench/report/table.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace fiberproof::bench {
namespace {

namespace fs = std::filesystem;

[[nodiscard]] std::expected<std::string, ReportError> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad() || fs::is_directory(path)) {
    return std::unexpected(ReportError{path, "", "cannot be read"});
  }
  return text;
}

[[nodiscard]] std::expected<void, ReportError> replace_file(const std::string& path,
                                                            const std::string& text) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished, std::ios::binary);
  file << text;
  file.close();
  if (!file) return std::unexpected(ReportError{unfinished, "", "cannot be written"});
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (!error) return {};
  return std::unexpected(ReportError{path, "", "cannot be replaced: " + error.message()});
}

}  // namespace

std::expected<std::vector<Judgement>, ReportError> write_report(const std::string& json,
                                                                const std::string& markdown) {
  const auto text = read_file(json);
  if (!text.has_value()) return std::unexpected(text.error());
  const auto measurements = read_measurements(json, *text);
  if (!measurements.has_value()) return std::unexpected(measurements.error());
  const auto written = replace_file(markdown, markdown_report(*measurements));
  if (!written.has_value()) return std::unexpected(written.error());

  std::vector<Judgement> judgements;
  for (const Claim& claim : all_claims) judgements.push_back(judge(claim, *measurements));
  return judgements;
}

}  // namespace fiberproof::bench
