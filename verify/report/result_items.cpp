#include "verify/report/result_items.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace fiberproof::verify {
namespace {

using Json = nlohmann::json;
using Outcome = ResultItem::Outcome;

// The lists of a part that was not run are absent or null.
const Json& list_in(const Json& json, const char* name) {
  static const Json none = Json::array();
  const auto found = json.find(name);
  return found == json.end() || found->is_null() ? none : *found;
}

std::string text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() || found->is_null() ? "" : found->get<std::string>();
}

std::string line_of_step(const Json& step) {
  const std::string place = text_in(step, "place");
  return fmt::format("{}{}{}{}", place, place.empty() ? "" : "  ", text_in(step, "text"),
                     step.at("wrong").get<bool>() ? "   <- wrong" : "");
}

template <class Line>
void add_lines(std::string& story, const char* heading, const Json& lines, Line line_of) {
  if (lines.empty()) return;
  story += fmt::format("{}:\n", heading);
  for (const Json& line : lines) story += fmt::format("  {}\n", line_of(line));
}

std::string story_of(const Json& theorem) {
  std::string story = "claim: " + text_in(theorem, "claim") + '\n';
  const Json& refutation = theorem.at("refutation");
  for (const char* const part : {"found", "where"}) {
    const std::string text = text_in(refutation, part);
    if (!text.empty()) story += text + '\n';
  }
  add_lines(story, "for", list_in(refutation, "values"),
            [](const Json& value) { return value.get<std::string>(); });
  add_lines(story, "runs", list_in(refutation, "runs"), &line_of_step);
  add_lines(story, "memory, high addresses first", list_in(refutation, "memory"),
            [](const Json& row) { return text_in(row, "text"); });
  if (const auto native = refutation.find("native"); native != refutation.end()) {
    story += "natively: " + text_in(*native, "line") + '\n';
    const std::string kept = text_in(*native, "kept_as");
    if (!kept.empty()) story += "replay with: fiberproof replay " + kept + '\n';
  }
  return story;
}

// The wrong instruction; else the last one, with a line of source text if any has one.
ItemPlace place_of(const Json& theorem, const std::string& object) {
  const Json* chosen = nullptr;
  for (const Json& step : list_in(theorem.at("refutation"), "runs")) {
    if (!step.contains("symbol")) continue;
    chosen = &step;
    if (step.at("wrong").get<bool>()) break;
  }
  if (chosen == nullptr) return {object, 0, {}};
  ItemPlace place{object, 0,
                  fmt::format("{}+{:#x}", text_in(*chosen, "symbol"),
                              chosen->at("offset").get<std::uint64_t>())};
  if (chosen->contains("file")) {
    place.file = text_in(*chosen, "file");
    const auto line = chosen->at("line").get<std::int64_t>();
    if (line < 1 || line > INT32_MAX) throw std::runtime_error(fmt::format("a line is {}", line));
    place.line = static_cast<unsigned>(line);
  }
  return place;
}

ResultItem theorem_item(const Json& theorem, const std::string& object) {
  const auto verdict = theorem.at("verdict").get<std::string>();
  if (verdict != "proved" && verdict != "refuted" && verdict != "unknown") {
    throw std::runtime_error(fmt::format("a verdict is '{}'", verdict));
  }
  const bool is_as_expected = theorem.at("as_expected").get<bool>();
  ResultItem item{.group = group_of_proofs,
                  .name = theorem.at("name").get<std::string>(),
                  .rule = theorem.at("rule").get<std::string>(),
                  .seconds = theorem.at("milliseconds").get<double>() / 1000};
  const std::string reason = text_in(theorem, "reason");
  item.note = reason.empty() ? verdict : fmt::format("{}: {}", verdict, reason);
  if (theorem.contains("refutation")) {
    item.story = story_of(theorem);
    item.place = place_of(theorem, object);
  }
  if (is_as_expected) {
    if (verdict != "proved") item.note = fmt::format("{}, as expected", verdict);
  } else if (theorem.value("not_reached", false)) {
    item.outcome = Outcome::skipped;
  } else {
    item.outcome = verdict == "unknown" ? Outcome::undecided : Outcome::failed;
    const std::string expected = text_in(theorem, "expected");
    if (!expected.empty()) item.note += fmt::format("; expected {}", expected);
  }
  return item;
}

ResultItem target_item(const Json& target) {
  ResultItem item{.group = group_of_targets, .name = target.at("target").get<std::string>()};
  const auto findings = target.at("findings").get<std::uint64_t>();
  item.note =
      fmt::format("{} executions, {} a second", target.at("executions").get<std::uint64_t>(),
                  target.at("executions_per_second").get<std::uint64_t>());
  if (findings == 0) return item;
  item.outcome = Outcome::failed;
  item.note = fmt::format("{} findings in {}", findings, item.note);
  return item;
}

ResultItem program_item(const Json& program) {
  ResultItem item{.group = "corpus",
                  .name = program.at("path").get<std::string>(),
                  .note = program.at("line").get<std::string>()};
  const auto verdict = program.at("verdict").get<std::string>();
  if (verdict == "different") item.outcome = Outcome::failed;
  if (verdict == "not_read") item.outcome = Outcome::undecided;
  if (item.outcome != Outcome::passed) item.place.file = item.name;
  return item;
}

ResultItem engine_item(const Json& engine) {
  ResultItem item{.group = group_of_engines, .name = engine.at("name").get<std::string>()};
  if (const std::string reason = text_in(engine, "left_out"); !reason.empty()) {
    item.outcome = Outcome::skipped;
    item.note = reason;
    return item;
  }
  const auto unknown = engine.at("new").get<std::uint64_t>();
  item.note = fmt::format("{} of {} programs agree, {} disagree in a known way, {} in a new one",
                          engine.at("agree").get<std::uint64_t>(),
                          engine.at("programs").get<std::uint64_t>(),
                          engine.at("known").get<std::uint64_t>(), unknown);
  if (unknown == 0) return item;
  item.outcome = Outcome::failed;
  for (const Json& finding : engine.at("findings")) {
    if (!text_in(finding, "known").empty()) continue;
    item.story +=
        fmt::format("{}\n{}\n", text_in(finding, "signature"), text_in(finding, "program"));
  }
  return item;
}

// A slip in the C++, which must be noticed, or be listed with a reason.
ResultItem slip_item(const Json& finding) {
  ResultItem item{.group = "mutants",
                  .name = finding.at("change").get<std::string>(),
                  .note = "noticed by " + text_in(finding, "killer"),
                  .seconds = finding.at("seconds").get<double>()};
  if (text_in(finding, "killer") != "nothing") return item;
  const std::string listed = text_in(finding, "listed");
  item.outcome = listed.empty() ? Outcome::failed : Outcome::passed;
  item.note = listed.empty() ? "nothing notices it" : "nothing notices it: " + listed;
  return item;
}

// A defect, which must be noticed as its patch says.
ResultItem defect_item(const Json& finding) {
  ResultItem item{.group = "defects",
                  .name = finding.at("change").get<std::string>(),
                  .note = "as its patch says",
                  .seconds = finding.at("seconds").get<double>()};
  const Json& wrong = list_in(finding, "not_as_said");
  for (const Json& line : wrong) item.story += line.get<std::string>() + '\n';
  if (const std::string why = text_in(finding, "could_not_run"); !why.empty()) {
    item.outcome = Outcome::undecided;
    item.note = why;
  } else if (!wrong.empty()) {
    item.outcome = Outcome::failed;
    item.note = "not as its patch says: " + wrong.front().get<std::string>();
  }
  return item;
}

ResultItem mutant_item(const Json& mutant) {
  ResultItem item{.group = "mutants", .name = mutant.at("mutant").get<std::string>()};
  const std::string theorem = text_in(mutant, "theorem");
  item.note = theorem.empty() ? text_in(mutant, "reason") : "refuted by " + theorem;
  if (theorem.empty()) item.outcome = Outcome::skipped;
  return item;
}

// An item for what standard error says and no other item tells.
void add_errors(const Json& results, ResultItems& all) {
  const bool is_told = all.count(Outcome::failed) + all.count(Outcome::undecided) > 0;
  if (all.status == "ok" || (is_told && all.status == "failed")) return;
  ResultItem item{.group = "run",
                  .name = name_of_run(all),
                  .outcome = all.status == "failed" ? Outcome::failed : Outcome::undecided};
  for (const Json& line : list_in(results, "errors")) item.story += line.get<std::string>() + '\n';
  item.note = item.story.substr(0, item.story.find('\n'));
  if (all.status == "interrupted") item.note = "interrupted: the rest was not checked";
  all.items.push_back(std::move(item));
}

ResultItems read(const Json& results) {
  ResultItems all{.command = results.at("command").get<std::string>(),
                  .status = results.at("status").get<std::string>(),
                  .version = results.at("version").get<std::string>()};
  for (const Json& rule : list_in(results, "rules")) {
    all.rules.push_back({text_in(rule, "id"), text_in(rule, "title")});
  }
  for (const Json& theorem : list_in(results, "theorems")) {
    const bool has_own = theorem.is_object() && theorem.contains("object");
    all.items.push_back(theorem_item(theorem, text_in(has_own ? theorem : results, "object")));
    if (has_own) all.items.back().object = text_in(theorem, "object");
  }
  for (const Json& target : list_in(results, "targets")) all.items.push_back(target_item(target));
  const auto corpus = results.find("corpus");
  const bool has_corpus = corpus != results.end() && corpus->is_object();
  for (const Json& program : list_in(has_corpus ? *corpus : results, "programs")) {
    if (program.is_object()) all.items.push_back(program_item(program));
  }
  const auto engines = results.find("engines");
  const bool is_main = engines != results.end() && engines->is_object();
  for (const Json& engine : list_in(is_main ? *engines : results, "engines")) {
    all.items.push_back(engine_item(engine));
  }
  for (const Json& finding : list_in(results, "findings")) {
    all.items.push_back(finding.contains("killer") ? slip_item(finding) : defect_item(finding));
  }
  for (const Json& mutant : list_in(results, "mutants")) all.items.push_back(mutant_item(mutant));
  const bool is_contradicted =
      all.status == "ok" && all.count(Outcome::failed) + all.count(Outcome::undecided) > 0;
  if (is_contradicted) throw std::runtime_error("the status is ok, and a result is not");
  add_errors(results, all);
  return all;
}

}  // namespace

std::size_t ResultItems::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(items, outcome, &ResultItem::outcome));
}

std::string name_of_run(const ResultItems& results) {
  return results.command.empty() ? "fiberproof" : "fiberproof " + results.command;
}

std::string words_of_status(const ResultItems& results) {
  if (results.status == "ok") return "everything holds as expected";
  if (results.status == "failed") return "not as expected";
  return results.status == "interrupted" ? "interrupted" : "could not run";
}

std::string text_of(const ItemPlace& place) {
  std::string text = place.file;
  if (place.line != 0) text += fmt::format(":{}", place.line);
  if (place.instruction.empty()) return text;
  return fmt::format("{}{}{}", text, text.empty() ? "" : ", ", place.instruction);
}

std::expected<ResultItems, std::string> items_of(const Json& results) try {
  if (!results.is_object() || !results.contains("results_version")) {
    return std::unexpected(std::string("not the results of fiberproof: --json FILE writes them"));
  }
  const int version = results.at("results_version").get<int>();
  if (version != results_version) {
    return std::unexpected(fmt::format("results of version {}, and this program reads version {}",
                                       version, results_version));
  }
  return read(results);
} catch (const std::exception& error) {
  return std::unexpected(fmt::format("damaged results: {}", error.what()));
}

}  // namespace fiberproof::verify
