#include "verify/cli/report_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/replay_command.hpp"
#include "verify/report/junit.hpp"
#include "verify/report/markdown.hpp"
#include "verify/report/sarif.hpp"

#include <fmt/format.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

namespace fiberproof::verify {
namespace {

struct Form {
  const char* option;
  const std::string& path;
  std::string (*text)(const ResultItems&);
  std::optional<OutputFile> file = {};  // none for standard output
};

std::expected<ResultItems, std::string> read_results(const std::string& path) {
  errno = 0;
  std::ifstream stream(input_path(path), std::ios::binary);
  if (!stream) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  if (json.is_discarded()) return std::unexpected(path + ": not JSON");
  auto items = items_of(json);
  if (!items) return std::unexpected(fmt::format("{}: {}", path, items.error()));
  return items;
}

}  // namespace

ExitStatus write_reports(const ReportCommand& command, nlohmann::json& results) {
  results["input"] = command.input;
  std::vector<std::string> errors;
  std::vector<Form> asked;
  for (Form form :
       {Form{"--junit", command.junit, &junit_of}, Form{"--sarif", command.sarif, &sarif_of},
        Form{"--markdown", command.markdown, &markdown_of}}) {
    if (form.path.empty()) continue;
    if (form.path != "-") {
      if (auto file = OutputFile::prepare(form.path)) {
        form.file = std::move(*file);
      } else {
        errors.push_back(fmt::format("{} {}", form.option, file.error()));
      }
    }
    asked.push_back(std::move(form));
  }
  if (asked.empty()) {
    errors.emplace_back("report: say what to write: --junit, --sarif or --markdown FILE");
  }
  const auto items = read_results(command.input);
  if (!items) errors.push_back(items.error());
  for (const Form& form : asked) {
    if (!errors.empty()) break;
    const std::string text = form.text(*items);
    if (!form.file) {
      fmt::print("{}", text);
    } else if (const auto written = form.file->write(text); !written) {
      errors.push_back(fmt::format("{} {}", form.option, written.error()));
    }
  }
  for (const std::string& line : errors) complain(line);
  return errors.empty() ? ExitStatus::ok : ExitStatus::could_not_run;
}

}  // namespace fiberproof::verify
