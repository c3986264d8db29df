// A run's results as a list of what was checked, each with its outcome. JUnit, SARIF and Markdown
// are views of this list, which is made from the JSON of `--json` alone.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The form of the JSON that this program writes and reads: results.schema.json.
inline constexpr int results_version = 1;

// Groups that a view treats in its own way.
inline constexpr const char* group_of_proofs = "proofs";
inline constexpr const char* group_of_targets = "fuzz targets";
inline constexpr const char* group_of_engines = "engines";

/// Where something was found. Each part may be unknown.
struct ItemPlace {
  std::string file;         ///< of source text, or the object file
  unsigned line = 0;        ///< from 1; 0 if it is unknown
  std::string instruction;  ///< SYMBOL+0xOFFSET
};

struct ResultItem {
  enum class Outcome {
    passed,
    failed,     ///< refuted, crashed or different, and not expected to be
    undecided,  ///< could not be run, read or decided
    skipped     ///< not looked at, with the reason in `note`
  };
  std::string group;  ///< such as "proofs", "corpus", "defects" or "run"
  std::string name;
  std::string object = {};  ///< the file that it is about, where a run has several
  std::string rule = {};    ///< of SPEC.md, or empty
  Outcome outcome = Outcome::passed;
  std::string note = {};   ///< one line
  std::string story = {};  ///< further lines for a reader, or empty
  ItemPlace place = {};
  double seconds = 0;
};

struct RuleTitle {
  std::string id;
  std::string title;
};

struct ResultItems {
  std::string command;  ///< empty for the main job
  std::string status;   ///< ok, failed, could_not_run or interrupted
  std::string version;  ///< of the program that wrote them
  std::vector<RuleTitle> rules = {};
  std::vector<ResultItem> items = {};

  std::size_t count(ResultItem::Outcome outcome) const;
};

/// `fiberproof prove`, and for the main job `fiberproof`.
std::string name_of_run(const ResultItems& results);

/// The status for people: `not as expected`.
std::string words_of_status(const ResultItems& results);

/// `FILE:LINE, SYMBOL+0xOFFSET`, as far as it is known.
std::string text_of(const ItemPlace& place);

/// The error is one line: no results of this program, or of another version.
[[nodiscard]] std::expected<ResultItems, std::string> items_of(const nlohmann::json& results);

}  // namespace fiberproof::verify
