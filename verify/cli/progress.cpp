#include "verify/cli/progress.hpp"

#include "verify/cli/complaint.hpp"

#include <fmt/format.h>
#include <cmath>

namespace fiberproof::verify {

void Progress::phase(const std::string& name, const Phase& phase) {
  const std::scoped_lock lock(mutex_);
  const std::string left = time_left(total_ - done_, measured_, seconds_);
  const std::string text =
      fmt::format("[{}/{}] {}: {}{}", std::min(done_ + 1, total_), total_, name, phase.text,
                  left.empty() ? "" : fmt::format("; about {} left", left));
  if (is_rewritable_terminal()) {
    line_.show(text);
  } else if (!phase.is_a_step) {
    fmt::print("{}\n", text);
    flush();
  }
}

void Progress::done(double seconds) {
  line_.clear();
  ++done_;
  if (seconds <= 0) return;
  ++measured_;
  seconds_ += seconds;
}

std::string time_left(std::size_t left, std::size_t measured, double seconds) {
  if (measured == 0) return {};
  constexpr long minutes_of_an_hour = 60;
  const double each = seconds / static_cast<double>(measured);
  const long minutes = std::lround(std::ceil(each * static_cast<double>(left) / 60));
  if (minutes < minutes_of_an_hour) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / minutes_of_an_hour, minutes % minutes_of_an_hour);
}

}  // namespace fiberproof::verify
