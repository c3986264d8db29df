#include "verify/mutation/defects/findings_file.hpp"

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

std::optional<Findings> FindingsFile::find(const Defect& defect) const {
  const auto entry = by_patch_.find(defect.patch);
  return entry == by_patch_.end() ? std::nullopt : std::optional(entry->second);
}

std::expected<void, std::string> FindingsFile::add(const Defect& defect, const Findings& findings) {
  by_patch_.insert_or_assign(defect.patch, findings);
  nlohmann::json json{{"conditions", conditions_}, {"findings", nlohmann::json::object()}};
  for (const auto& [patch, entry] : by_patch_) json["findings"][patch] = to_json(entry);
  // Beside the old one and then in its place: a hunt can end at any time.
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
