#include "fuzz/minimize/minimize.hpp"

#include "fuzz/minimize/edits.hpp"

#include <algorithm>
#include <memory>

namespace fiberproof::fuzz {
namespace {

class Minimizer {
 public:
  Minimizer(const Program& program, const StillShows& still_shows, unsigned attempts_max)
      : best_(program), still_shows_(still_shows), attempts_max_(attempts_max) {}

  Minimized run() {
    do {
      changed_ = false;
      shorten();
      simplify();
      reduce();
    } while (changed_ && attempts_ < attempts_max_);
    return {attempts_, !changed_ && attempts_ < attempts_max_};
  }

  const Program& best() const { return best_; }

 private:
  /// Leaves out runs of steps, halves at first, single ones at last; the last steps first, since
  /// what comes after the failure matters least.
  void shorten() {
    for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t end = best_.steps.size(); end > 0;) {
        const std::size_t first = end - std::min(size, end);
        attempt([first, end](Program& program) { remove_steps(program, first, end); });
        end = std::min(first, best_.steps.size());
      }
    }
  }

  /// After an edit that helped, the list of edits is another one.
  void simplify() {
    auto edits = simplifications(best_);
    for (std::size_t index = 0; index < edits.size();) {
      if (attempt(edits[index])) {
        edits = simplifications(best_);
      } else {
        ++index;
      }
    }
  }

  void reduce() {
    auto numbers = numbers_in(best_);
    for (std::size_t index = 0; index < numbers.size();) {
      if (reduce(numbers[index])) {
        numbers = numbers_in(best_);
      } else {
        ++index;
      }
    }
  }

  /// The plain number at once, then by ever smaller steps towards it. True where that changed it to
  /// something that this cannot change further.
  bool reduce(const Number& number) {
    std::uint64_t now = number.now;
    const bool down = number.plain < now;
    for (std::uint64_t distance = down ? now - number.plain : number.plain - now; distance > 0;) {
      const std::uint64_t next = down ? now - distance : now + distance;
      const bool is_in_range =
          down ? next >= number.plain && next < now : next <= number.plain && next > now;
      if (is_in_range && attempt([&](Program& program) { number.set(program, next); })) {
        now = next;
      } else {
        distance = distance / 2 / number.unit * number.unit;
      }
    }
    return now != number.now && now == number.plain;
  }

  bool attempt(const Edit& edit) {
    Program candidate = best_;
    edit(candidate);
    if (attempts_ == attempts_max_ || candidate == best_ || !is_program(candidate)) {
      return false;
    }
    ++attempts_;
    if (!still_shows_(candidate)) {
      return false;
    }
    best_ = candidate;
    changed_ = true;
    return true;
  }

  static bool is_program(const Program& candidate) {
    const auto read = std::make_unique<Program>();
    return parse(print(candidate), *read).has_value() && *read == candidate;
  }

  Program best_;
  const StillShows& still_shows_;
  const unsigned attempts_max_;
  unsigned attempts_ = 0;
  bool changed_ = false;
};

}  // namespace

Minimized minimize(Program& program, const StillShows& still_shows, unsigned attempts_max) {
  const auto minimizer = std::make_unique<Minimizer>(program, still_shows, attempts_max);
  const Minimized minimized = minimizer->run();
  program = minimizer->best();
  return minimized;
}

bool is_same_ending(const Ending& one, const Ending& other) {
  return one.seen == other.seen && (one.seen.has_value() || one.status == other.status);
}

}  // namespace fiberproof::fuzz
