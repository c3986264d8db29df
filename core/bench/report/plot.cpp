#include "core/bench/report/plot.hpp"

#include "core/bench/report/table.hpp"
#include "core/bench/rows.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iterator>

namespace fiberproof::bench {
namespace {

// In pixels.
constexpr double width = 900;
constexpr double scale_left = 210;
constexpr double scale_right = 820;
constexpr double top_margin = 56;
constexpr double bar_pitch = 17;
constexpr double bar_height = 12;
constexpr double heading_height = 34;
constexpr double bottom_margin = 12;

/// A position for each time: decades are equally wide, and whole ones are shown.
class Scale {
 public:
  explicit Scale(const Measurements& measurements) {
    double least = spread(measurements.figures.front()).least;
    double most = least;
    for (const Figure& figure : measurements.figures) {
      least = std::min(least, spread(figure).least);
      most = std::max(most, spread(figure).most);
    }
    first_decade_ = std::floor(std::log10(least));
    last_decade_ = std::max(std::ceil(std::log10(most)), first_decade_ + 1);
  }

  double position(double nanoseconds) const {
    const double part = (std::log10(nanoseconds) - first_decade_) / (last_decade_ - first_decade_);
    return scale_left + part * (scale_right - scale_left);
  }

  double first_decade() const { return first_decade_; }
  double last_decade() const { return last_decade_; }

 private:
  double first_decade_;
  double last_decade_;
};

std::string time_label(double nanoseconds) {
  return nanoseconds < 1000 ? fmt::format("{:g} ns", nanoseconds)
                            : fmt::format("{:g} µs", nanoseconds / 1000);
}

std::string_view colour_class(const Figure& figure) {
  static constexpr std::string_view controls[] = {"indirect_jumps", "calls", "mapping"};
  if (figure.contender.starts_with("stack_switch") || figure.contender.starts_with("fiberproof")) {
    return "own";
  }
  return std::ranges::find(controls, figure.contender) != std::end(controls) ? "control" : "peer";
}

std::string grid(const Scale& scale, double bottom) {
  std::string text;
  for (double decade = scale.first_decade(); decade <= scale.last_decade(); ++decade) {
    const double x = scale.position(std::pow(10, decade));
    fmt::format_to(std::back_inserter(text),
                   "<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" "
                   "y2=\"{2:.1f}\"/>\n"
                   "<text class=\"tick\" x=\"{0:.1f}\" y=\"{3:.1f}\">{4}</text>\n",
                   x, top_margin, bottom, top_margin - 6, time_label(std::pow(10, decade)));
  }
  return text;
}

/// The bar ends at the median; the thin line goes from the lowest to the highest.
std::string bar(const Figure& figure, const Scale& scale, double y) {
  const Spread times = spread(figure);
  const double middle = y + bar_height / 2;
  return fmt::format(
      "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n"
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n"
      "<line class=\"range\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n"
      "<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
      scale_left - 8, middle + 4, figure.contender, colour_class(figure), scale_left, y,
      scale.position(times.median) - scale_left, bar_height, scale.position(times.least), middle,
      scale.position(times.most), middle, scale.position(times.most) + 6, middle + 4,
      short_number(times.median));
}

constexpr std::string_view style =
    "<style>\n"
    "text { font: 11px system-ui, sans-serif; fill: #24292f; }\n"
    ".title { font-size: 15px; font-weight: 600; }\n"
    ".heading { font-weight: 600; }\n"
    ".name { text-anchor: end; }\n"
    ".tick { text-anchor: middle; fill: #57606a; }\n"
    ".value { fill: #57606a; }\n"
    ".grid { stroke: #d8dee4; }\n"
    ".range { stroke: #24292f; stroke-width: 1.5; }\n"
    ".own { fill: #1a7f4b; }\n"
    ".peer { fill: #8db4dc; }\n"
    ".control { fill: #b8bec5; }\n"
    "</style>\n";

}  // namespace

std::string svg(const Measurements& measurements) {
  const Scale scale(measurements);
  std::string bars;
  double y = top_margin;
  for (const Row& row : all_rows) {
    y += heading_height;
    fmt::format_to(std::back_inserter(bars),
                   "<text class=\"heading\" x=\"12\" y=\"{:.1f}\">{}: {}</text>\n", y - 8, row.name,
                   row.operation);
    for (const Figure* figure : measurements.of_row(row.name)) {
      bars += bar(*figure, scale, y);
      y += bar_pitch;
    }
  }
  const double height = y + bottom_margin;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\">\n{2}"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text class=\"title\" x=\"12\" y=\"24\">CPU time per operation, logarithmic: median, lowest "
      "to highest</text>\n{3}{4}</svg>\n",
      width, height, style, grid(scale, height - bottom_margin), bars);
}

}  // namespace fiberproof::bench
