#include "verify/cli/hunt_command.hpp"

#include "verify/hunt/hunt_table.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

ExitStatus could_not_run(const std::string& why) {
  fmt::print(stderr, "fiberproof: {}\n", why);
  return ExitStatus::could_not_run;
}

bool write(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path);
  file << text;
  file.close();
  return file.good();
}

class Reporter {
 public:
  explicit Reporter(std::size_t defects) : defects_(defects) {}

  void operator()(const Defect& defect, const Findings& findings, bool is_earlier) {
    fmt::print("{}/{} {}{}\n", ++done_, defects_, line_of(defect, findings),
               is_earlier ? ", in an earlier hunt" : "");
    for (const std::string& line : differences(defect, findings)) {
      status_ = worse(
          status_, findings.could_not_run.empty() ? ExitStatus::failed : ExitStatus::could_not_run);
      fmt::print("  NOT as its patch says: {}\n", line);
    }
    std::fflush(stdout);
  }
  ExitStatus status() const { return status_; }

 private:
  std::size_t defects_;
  std::size_t done_ = 0;
  ExitStatus status_ = ExitStatus::ok;
};

}  // namespace

ExitStatus hunt_defects(const HuntCommand& command) {
  const auto defects = read_defects(command.options.source + "/core/defects", command.names);
  if (!defects) return could_not_run(defects.error());
  HuntOptions options = command.options;
  std::error_code refused;
  std::filesystem::create_directories(options.folder, refused);
  if (refused) return could_not_run(fmt::format("{}: {}", options.folder, refused.message()));
  options.folder = std::filesystem::absolute(options.folder).lexically_normal();
  Reporter report(defects->size());
  const auto findings = hunt(options, *defects, std::ref(report));
  if (!findings) {
    const bool is_interrupted = findings.error() == interrupted;
    return could_not_run(
        findings.error() +
        (is_interrupted ? "; what is done is kept, and the same command goes on" : ""));
  }
  const std::string table = table_of(*defects, *findings);
  fmt::print("\n{}", table);
  nlohmann::json json = nlohmann::json::array();
  for (const Findings& entry : *findings) json.push_back(to_json(entry));
  if (!write(command.table, table)) return could_not_run(command.table + ": cannot be written");
  if (!command.json.empty() && !write(command.json, json.dump(2) + '\n')) {
    return could_not_run(command.json + ": cannot be written");
  }
  return report.status();
}

}  // namespace fiberproof::verify
