#include "verify/cli/engine_output.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace fiberproof::verify {
namespace {

constexpr std::size_t tail_lines_max = 200;

// The number that a text begins with: 120 for "120/3kb".
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

// A line that every run prints, whatever it found.
bool is_of_every_run(std::string_view line) {
  constexpr std::array<std::string_view, 6> beginnings{
      "INFO:",
      "Dictionary:",
      "\tNEW_FUNC",
      "Done ",
      "stat::",
      "  to replay: write the program to FILE"};  // That line comes with the real file.
  return line.empty() || std::ranges::any_of(beginnings, [line](std::string_view beginning) {
           return line.starts_with(beginning);
         });
}

template <class T>
void take(std::optional<T>& known, const std::optional<T>& told) {
  if (told) known = told;
}

}  // namespace

std::optional<EngineStatus> parse_status(std::string_view line) {
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  const bool is_status = digits > 0 && digits < line.size() &&
                         (line[digits] == '\t' || line[digits] == ' ' || line[digits] == ':');
  if (!is_status) return std::nullopt;
  EngineStatus status;
  status.executions = number_of(line).value_or(0);
  std::istringstream words{std::string(line.substr(digits + 1))};
  std::string word;
  while (words >> word) {
    if (!word.ends_with(':')) {
      if (status.event.empty()) status.event = word;
      continue;
    }
    const std::string field = word;
    if (!(words >> word)) break;
    if (field == "cov:") status.coverage = number_of(word);
    if (field == "corp:") status.corpus_inputs = number_of(word);
    if (field == "exec/s:") status.executions_per_second = number_of(word);
  }
  const bool is_of_fork_mode = line[digits] == ':';
  if (is_of_fork_mode) status.event.clear();
  // A line that merely begins like a status line has none of these fields.
  if (!status.coverage && !status.executions_per_second) return std::nullopt;
  return status;
}

bool EngineOutput::read(const std::string& line) {
  if (const auto status = parse_status(line)) {
    status_.executions = std::max(status_.executions, status->executions);
    status_.event = status->event;
    take(status_.coverage, status->coverage);
    take(status_.corpus_inputs, status->corpus_inputs);
    take(status_.executions_per_second, status->executions_per_second);
    return true;
  }
  constexpr std::string_view artifact_mark = "Test unit written to ";
  constexpr std::string_view statistic_mark = "stat::";
  if (line.starts_with("###### ")) {
    is_in_dictionary_ = line.starts_with("###### Recommended");
    return false;
  }
  if (const auto at = line.find(artifact_mark); at != line.npos) {
    const std::string path = line.substr(at + artifact_mark.size());
    const std::string name = path.substr(path.find_last_of('/') + 1);
    if (name.find("slow-unit-") == name.npos) artifacts_.push_back(path);
    return false;  // The path is that of a temporary file.
  }
  if (const auto colon = line.find(':', statistic_mark.size());
      line.starts_with(statistic_mark) && colon != line.npos) {
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    read_statistic(std::string_view(line).substr(0, colon),
                   value == line.npos ? 0 : number_of(line.substr(value)).value_or(0));
  }
  if (is_of_every_run(line) || is_in_dictionary_) return false;
  tail_.push_back(line);
  if (tail_.size() > tail_lines_max) tail_.pop_front();
  return false;
}

// The rate of a run that ended early is reported as 0.
void EngineOutput::read_statistic(std::string_view name, std::uint64_t value) {
  if (name == "stat::number_of_executed_units") {
    status_.executions = std::max(status_.executions, value);
  } else if (name == "stat::average_exec_per_sec" && value > 0) {
    status_.executions_per_second = value;
  }
}

}  // namespace fiberproof::verify
