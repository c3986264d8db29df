#include "verify/cli/report_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/replay_command.hpp"
#include "verify/report/html.hpp"
#include "verify/report/junit.hpp"
#include "verify/report/markdown.hpp"
#include "verify/report/sarif.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace fiberproof::verify {
namespace {

struct Form {
  const char* option;
  const std::string& path;
  std::string (*text)(const ResultItems&, const nlohmann::json&);
  std::optional<OutputFile> file = {};  // none for standard output
};

// A view of the items alone.
template <std::string (*text_of)(const ResultItems&)>
std::string of_items(const ResultItems& items, const nlohmann::json&) {
  return text_of(items);
}

struct Read {
  nlohmann::json json;
  ResultItems items;
};

std::expected<Read, std::string> read_results(const std::string& path) {
  errno = 0;
  std::ifstream stream(input_path(path), std::ios::binary);
  if (!stream) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  auto json = nlohmann::json::parse(stream, nullptr, false);
  if (json.is_discarded()) return std::unexpected(path + ": not JSON");
  auto items = items_of(json);
  if (!items) return std::unexpected(fmt::format("{}: {}", path, items.error()));
  return Read{std::move(json), std::move(*items)};
}

// Parts that only one form reads may be damaged.
std::expected<std::string, std::string> text_of(const Form& form, const Read& read) try {
  return form.text(read.items, read.json);
} catch (const std::exception& error) {
  return std::unexpected(fmt::format("damaged results: {}", error.what()));
}

}  // namespace

ExitStatus write_reports(const ReportCommand& command, nlohmann::json& results) {
  results["input"] = command.input;
  std::vector<std::string> errors;
  std::vector<Form> asked;
  for (Form form : {Form{"--junit", command.junit, &of_items<&junit_of>},
                    Form{"--sarif", command.sarif, &of_items<&sarif_of>},
                    Form{"--markdown", command.markdown, &of_items<&markdown_of>},
                    Form{"--html", command.html, &html_of}}) {
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
  // One would be lost.
  std::vector<std::string> paths{command.input == "-" ? "" : command.input, command.json};
  for (const Form& form : asked) {
    const auto is_same = [&form](const std::string& path) {
      std::error_code missing;
      return path == form.path || std::filesystem::equivalent(path, form.path, missing);
    };
    if (std::ranges::any_of(paths, is_same)) {
      errors.push_back(
          fmt::format("{} {}: is read or written otherwise, too", form.option, form.path));
    }
    paths.push_back(form.path);
  }
  if (asked.empty()) {
    errors.emplace_back("report: say what to write: --junit, --sarif, --markdown or --html FILE");
  }
  const auto read = read_results(command.input);
  if (!read) errors.push_back(read.error());
  for (const Form& form : asked) {
    if (!errors.empty()) break;
    const auto made = text_of(form, *read);
    if (!made) {
      errors.push_back(fmt::format("{}: {}", command.input, made.error()));
      break;
    }
    const std::string& text = *made;
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
