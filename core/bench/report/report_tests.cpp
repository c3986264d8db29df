// The report is made from a whole run or not at all, and then says where the run is broken.
#include "core/bench/report/write_report.hpp"
#include "core/bench/rows.hpp"

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace fiberproof::bench {
namespace {

using Json = nlohmann::json;

Json one_run(const std::string& name, double nanoseconds) {
  return {
      {"name", name},      {"run_name", name}, {"run_type", "iteration"}, {"cpu_time", nanoseconds},
      {"time_unit", "ns"}, {"iterations", 1}};
}

/// A run with all that is needed and one peer more: three repetitions of 9, 10 and 20 ns each.
Json whole_run() {
  std::set<std::string> names{"switch/ucontext"};
  for (const Row& row : all_rows) names.emplace(row.reference);
  for (const Claim& claim : all_claims) {
    names.emplace(claim.subject);
    names.emplace(claim.reference);
  }
  for (const Row& row : all_rows) names.insert(std::string(row.name) + "/calls");
  Json run{{"context", {{"date", "2026-01-01"}, {"cpu", "a CPU"}}}, {"benchmarks", Json::array()}};
  for (const double nanoseconds : {9.0, 20.0, 10.0}) {
    for (const std::string& name : names) {
      run["benchmarks"].push_back(one_run(name, nanoseconds));
    }
  }
  return run;
}

Json without(Json run, std::string_view name) {
  Json kept = Json::array();
  for (const Json& entry : run["benchmarks"]) {
    if (entry["run_name"] != name) kept.push_back(entry);
  }
  run["benchmarks"] = kept;
  return run;
}

std::string error_of(const std::string& text) {
  const auto measurements = read_measurements("run.json", text);
  return measurements.has_value() ? "no error" : measurements.error().line();
}

std::string error_with(const std::function<void(Json&)>& damage) {
  Json run = whole_run();
  damage(run);
  return error_of(run.dump());
}

TEST(bench_report, takes_the_median_and_the_range_of_the_repetitions) {
  const auto measurements = read_measurements("run.json", whole_run().dump());
  ASSERT_TRUE(measurements.has_value()) << measurements.error().line();
  const Spread times = spread(*measurements->find("switch/fcontext"));
  EXPECT_EQ(times.median, 10);
  EXPECT_EQ(times.least, 9);
  EXPECT_EQ(times.most, 20);
}

TEST(bench_report, ratio_is_that_of_the_medians) {
  const Spread seen = ratio({"switch", "a", {1, 2, 9}}, {"switch", "b", {4, 1, 8}});
  EXPECT_EQ(seen.median, 0.5);
  EXPECT_EQ(seen.least, 0.25);
  EXPECT_EQ(seen.most, 2);
}

TEST(bench_report, passes_over_aggregates) {
  EXPECT_EQ(error_with([](Json& run) {
              Json aggregate = one_run("switch/fcontext", -1);
              aggregate["run_type"] = "aggregate";
              run["benchmarks"].push_back(aggregate);
            }),
            "no error");
}

TEST(bench_report, judges_each_claim_by_its_bound) {
  const auto measurements = read_measurements("run.json", whole_run().dump());
  ASSERT_TRUE(measurements.has_value());
  const Claim held{"same", "switch/fcontext", "switch/fcontext", 1};
  EXPECT_EQ(judge(held, *measurements).line(), "same: at most 1.00: 1.000 (1.000 to 1.000): holds");
  const Claim missed{"same", "switch/fcontext", "switch/fcontext", 0.5};
  EXPECT_EQ(judge(missed, *measurements).verdict(), "misses by 100 %");
}

TEST(bench_report, refuses_text_that_is_no_json) {
  EXPECT_TRUE(error_of("").starts_with("run.json: byte 1: no JSON"));
  EXPECT_TRUE(error_of("<html>").starts_with("run.json: byte 1: no JSON"));
  EXPECT_TRUE(error_of("[]").starts_with("run.json: not the JSON of a benchmark run"));
}

TEST(bench_report, refuses_a_run_that_was_cut_off_anywhere) {
  const std::string text = whole_run().dump();
  for (std::size_t bytes = 0; bytes < text.size(); bytes += 97) {
    EXPECT_TRUE(error_of(text.substr(0, bytes)).starts_with("run.json: byte ")) << bytes;
  }
}

TEST(bench_report, refuses_a_run_without_a_row) {
  for (const Row& row : all_rows) {
    const Json whole = whole_run();
    Json run = whole;
    for (const Json& entry : whole["benchmarks"]) {
      const auto name = entry["run_name"].get<std::string>();
      if (name.starts_with(std::string(row.name) + '/')) run = without(run, name);
    }
    EXPECT_TRUE(error_of(run.dump()).starts_with("run.json: /benchmarks: no ")) << row.name;
  }
}

TEST(bench_report, refuses_a_run_without_what_a_claim_is_about) {
  for (const Claim& claim : all_claims) {
    const std::string error = error_of(without(whole_run(), claim.subject).dump());
    EXPECT_NE(error.find(claim.subject), std::string::npos) << error;
  }
}

TEST(bench_report, names_the_place_of_a_broken_entry) {
  const auto damaged = [](const char* key, Json value) {
    return error_with([&](Json& run) { run["benchmarks"][2][key] = std::move(value); });
  };
  EXPECT_TRUE(damaged("cpu_time", "ten").starts_with("run.json: /benchmarks/2/cpu_time: "));
  EXPECT_TRUE(damaged("cpu_time", 0).starts_with("run.json: /benchmarks/2/cpu_time: "));
  EXPECT_TRUE(damaged("cpu_time", nullptr).starts_with("run.json: /benchmarks/2/cpu_time: "));
  EXPECT_TRUE(damaged("time_unit", "s").starts_with("run.json: /benchmarks/2/time_unit: "));
  EXPECT_TRUE(damaged("run_name", 7).starts_with("run.json: /benchmarks/2/run_name: "));
  EXPECT_TRUE(damaged("run_name", "switch").starts_with("run.json: /benchmarks/2/run_name: "));
  EXPECT_TRUE(damaged("run_name", "else/fcontext").starts_with("run.json: /benchmarks/2/run_name"));
  EXPECT_TRUE(damaged("run_name", "switch/<b>").starts_with("run.json: /benchmarks/2/run_name: "));
  EXPECT_TRUE(
      damaged("error_occurred", true).starts_with("run.json: /benchmarks/2/error_occurred: "));
}

TEST(bench_report, survives_entries_of_every_other_type) {
  for (const Json& entry : {Json(), Json(1), Json("text"), Json::array({1}), Json::object()}) {
    EXPECT_NE(error_with([&](Json& run) { run["benchmarks"][0] = entry; }), "no error");
    for (const char* key : {"run_type", "time_unit", "cpu_time", "run_name", "error_occurred"}) {
      if (entry == 1 && std::string_view(key) == "cpu_time") continue;
      EXPECT_NE(error_with([&](Json& run) { run["benchmarks"][0][key] = entry; }), "no error")
          << key << ' ' << entry;
    }
  }
}

class bench_report_files : public testing::Test {
 protected:
  bench_report_files() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~bench_report_files() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string text(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void write(const std::string& name, const std::string& contents) const {
    std::ofstream(path(name)) << contents;
  }

  [[nodiscard]] std::expected<std::vector<Judgement>, ReportError> report() const {
    return write_report(path("run.json"), path("report.md"));
  }

 private:
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                  testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(bench_report_files, are_written_from_a_whole_run) {
  write("run.json", whole_run().dump());
  const auto judgements = report();
  ASSERT_TRUE(judgements.has_value()) << judgements.error().line();
  EXPECT_EQ(judgements->size(), all_claims.size());
  EXPECT_NE(text("report.md").find("| ucontext | 10.0 | 9.00 to 20.0 |"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("report.md.new")));
}

TEST_F(bench_report_files, stay_as_they_are_where_the_run_is_broken) {
  write("run.json", whole_run().dump().substr(0, 1000));
  write("report.md", "old table");
  const auto judgements = report();
  ASSERT_FALSE(judgements.has_value());
  EXPECT_EQ(judgements.error().file, path("run.json"));
  EXPECT_EQ(text("report.md"), "old table");
}

TEST_F(bench_report_files, are_refused_if_the_folder_does_not_exist) {
  write("run.json", whole_run().dump());
  const std::string wanted = path("no folder/report.md");
  const auto judgements = write_report(path("run.json"), wanted);
  ASSERT_FALSE(judgements.has_value());
  EXPECT_EQ(judgements.error().file, wanted + ".new");
}

TEST_F(bench_report_files, are_not_written_without_a_run) {
  const auto judgements = report();
  ASSERT_FALSE(judgements.has_value());
  EXPECT_EQ(judgements.error().line(), path("run.json") + ": cannot be read");
}

}  // namespace
}  // namespace fiberproof::bench
