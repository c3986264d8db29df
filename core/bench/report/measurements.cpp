#include "core/bench/report/measurements.hpp"

#include "core/bench/report/claims.hpp"
#include "core/bench/rows.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace fiberproof::bench {
namespace {

using Json = nlohmann::json;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Reads one file; the first error ends it.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] std::expected<Measurements, ReportError> read(std::string_view text) {
    Json root;
    try {
      root = Json::parse(text);
    } catch (const Json::parse_error& error) {
      return fail(fmt::format("byte {}", error.byte), "no JSON: " + detail_of(error));
    }
    if (!root.is_object() || !root.contains("context") || !root["context"].is_object() ||
        !root.contains("benchmarks") || !root["benchmarks"].is_array()) {
      return fail("", "not the JSON of a benchmark run: no context or no benchmarks");
    }
    read_context(root["context"]);
    for (std::size_t index = 0; index < root["benchmarks"].size(); ++index) {
      if (auto error =
              read_benchmark(root["benchmarks"][index], fmt::format("/benchmarks/{}", index))) {
        return std::unexpected(*error);
      }
    }
    if (auto missing = first_missing()) return fail("/benchmarks", *missing);
    return std::move(measurements_);
  }

 private:
  std::unexpected<ReportError> fail(std::string place, std::string what) const {
    return std::unexpected(ReportError{file_, std::move(place), std::move(what)});
  }

  /// The message of nlohmann, without its own prefix.
  static std::string detail_of(const Json::parse_error& error) {
    std::string text = error.what();
    if (text.starts_with('[')) text.erase(0, std::min(text.size(), text.find("] ") + 2));
    return text;
  }

  void read_context(const Json& context) {
    measurements_.date = text_at(context, "date").value_or("unknown date");
    measurements_.cpu = text_at(context, "cpu").value_or("unknown CPU");
    measurements_.compiler = text_at(context, "compiler").value_or("unknown compiler");
  }

  /// Takes a single run. Google Benchmark's own medians and deviations are passed over.
  std::optional<ReportError> read_benchmark(const Json& entry, const std::string& place) {
    const auto error = [&](const char* key, std::string what) {
      return ReportError{file_, place + key, std::move(what)};
    };
    const std::optional<std::string> name = text_at(entry, "run_name");
    if (!name.has_value()) return error("/run_name", "no name");
    const std::optional<std::string> type = text_at(entry, "run_type");
    if (type == "aggregate") return std::nullopt;
    if (type != "iteration") return error("/run_type", "neither iteration nor aggregate");
    if (entry.contains("error_occurred") && entry["error_occurred"] != false) {
      return error("/error_occurred", printable(*name) + " ended with an error");
    }
    const std::size_t slash = name->find('/');
    if (slash == std::string::npos || !is_row(name->substr(0, slash)) ||
        !is_plain(name->substr(slash + 1))) {
      return error("/run_name",
                   fmt::format("'{}' is no contender of a known row", printable(*name)));
    }
    if (text_at(entry, "time_unit") != "ns") return error("/time_unit", "not ns");
    if (!entry.contains("cpu_time") || !entry["cpu_time"].is_number()) {
      return error("/cpu_time", "no number");
    }
    const auto nanoseconds = entry["cpu_time"].get<double>();
    if (!std::isfinite(nanoseconds) || nanoseconds <= 0) {
      return error("/cpu_time", fmt::format("{} ns is no time of an operation", nanoseconds));
    }
    figure_of(name->substr(0, slash), name->substr(slash + 1)).nanoseconds.push_back(nanoseconds);
    return std::nullopt;
  }

  static std::optional<std::string> text_at(const Json& object, const char* key) {
    if (!object.is_object() || !object.contains(key) || !object[key].is_string()) {
      return std::nullopt;
    }
    return object[key].get<std::string>();
  }

  static bool is_plain(std::string_view contender) {
    return !contender.empty() && std::ranges::all_of(contender, [](char letter) {
      return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
    });
  }

  static bool is_row(std::string_view name) {
    return std::ranges::any_of(all_rows, [name](const Row& row) { return row.name == name; });
  }

  static std::string printable(std::string text) {
    for (char& letter : text) {
      if (letter < ' ' || letter > '~') letter = '?';
    }
    return text;
  }

  Figure& figure_of(std::string row, std::string contender) {
    for (Figure& figure : measurements_.figures) {
      if (figure.row == row && figure.contender == contender) return figure;
    }
    return measurements_.figures.emplace_back(std::move(row), std::move(contender),
                                              std::vector<double>{});
  }

  std::optional<std::string> first_missing() const {
    for (const Row& row : all_rows) {
      if (measurements_.of_row(row.name).empty()) return fmt::format("no row {}", row.name);
      if (measurements_.find(row.reference) == nullptr) {
        return fmt::format("no {}, which row {} is compared with", row.reference, row.name);
      }
    }
    for (const Claim& claim : all_claims) {
      for (const std::string_view name : {claim.subject, claim.reference}) {
        if (measurements_.find(name) == nullptr) {
          return fmt::format("no {}, which a claim is about", name);
        }
      }
    }
    return std::nullopt;
  }

  std::string file_;
  Measurements measurements_;
};

}  // namespace

const Figure* Measurements::find(std::string_view name) const {
  const auto match =
      std::ranges::find_if(figures, [name](const Figure& figure) { return figure.name() == name; });
  return match == figures.end() ? nullptr : &*match;
}

std::vector<const Figure*> Measurements::of_row(std::string_view row) const {
  std::vector<const Figure*> found;
  for (const Figure& figure : figures) {
    if (figure.row == row) found.push_back(&figure);
  }
  std::ranges::sort(found, {}, [](const Figure* figure) {
    return std::pair(median(figure->nanoseconds), figure->contender);
  });
  return found;
}

std::string ReportError::line() const {
  return place.empty() ? fmt::format("{}: {}", file, what)
                       : fmt::format("{}: {}: {}", file, place, what);
}

std::expected<Measurements, ReportError> read_measurements(const std::string& file,
                                                           std::string_view text) {
  return Reader(file).read(text);
}

Spread spread(const Figure& figure) {
  const auto [least, most] = std::ranges::minmax(figure.nanoseconds);
  return {median(figure.nanoseconds), least, most};
}

Spread ratio(const Figure& figure, const Figure& reference) {
  std::vector<double> ratios;
  const std::size_t count = std::min(figure.nanoseconds.size(), reference.nanoseconds.size());
  for (std::size_t index = 0; index < count; ++index) {
    ratios.push_back(figure.nanoseconds[index] / reference.nanoseconds[index]);
  }
  const auto [least, most] = std::ranges::minmax(ratios);
  return {median(figure.nanoseconds) / median(reference.nanoseconds), least, most};
}

}  // namespace fiberproof::bench
