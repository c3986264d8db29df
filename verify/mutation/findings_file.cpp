#include "verify/mutation/findings_file.hpp"

#include <fmt/format.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace fiberproof::verify {

FindingsFile::FindingsFile(std::string path, std::string conditions, bool resume)
    : path_(std::move(path)), conditions_(std::move(conditions)) {
  if (!resume) return;
  std::ifstream file(path_);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return;
  if (json.value("conditions", "") != conditions_ || !json.contains("findings")) return;
  for (const auto& [patch, entry] : json.at("findings").items()) {
    if (auto findings = findings_of(entry)) by_patch_.emplace(patch, std::move(*findings));
  }
}

std::optional<Findings> FindingsFile::find(const std::string& patch) const {
  const auto entry = by_patch_.find(patch);
  return entry == by_patch_.end() ? std::nullopt : std::optional(entry->second);
}

std::expected<void, std::string> FindingsFile::add(const std::string& patch,
                                                   const Findings& findings) {
  by_patch_.insert_or_assign(patch, findings);
  nlohmann::json json{{"conditions", conditions_}, {"findings", nlohmann::json::object()}};
  for (const auto& [key, entry] : by_patch_) json["findings"][key] = to_json(entry);
  // Written beside the old one and then renamed: the run can end at any time.
  const std::string fresh = path_ + ".new";
  std::ofstream file(fresh);
  file << json.dump(1) << '\n';
  file.close();
  std::error_code refused;
  if (file) std::filesystem::rename(fresh, path_, refused);
  if (file && !refused) return {};
  return std::unexpected(fmt::format("{}: cannot be written", path_));
}

}  // namespace fiberproof::verify
