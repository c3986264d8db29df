#include "fuzz/replay/sequence.hpp"

#include "fuzz/replay/child_process.hpp"
#include "fuzz/replay/crash_kind.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace fiberproof::fuzz {
namespace {

std::string kind_of(const ChildEnd& end, unsigned seconds_max) {
  std::string kind = kind_of_crash(end.errors);
  return kind.empty() ? death_of(end.status, seconds_max) : kind;
}

/// Tries subsequences of what is known to crash, which gets shorter.
class Shortener {
 public:
  Shortener(std::vector<const Input*> inputs, Crash crash, Execute* execute, unsigned seconds_max)
      : execute_(execute), seconds_max_(seconds_max), found_{std::move(inputs), {}, 0} {
    take(std::move(found_.inputs), std::move(crash));
  }

  std::expected<ShortestSequence, std::string> shorten() {
    // Mostly it is the one that was running.
    if (earlier() == 0 || try_without(0, earlier()) || !error_.empty()) {
      return result();
    }
    // In 2 parts, then in 4 and so on; without each of them in turn.
    for (std::size_t parts = 2; earlier() > 0;) {
      parts = std::min(parts, earlier());
      const bool left_out = try_without_one_of(parts);
      if (!error_.empty() || (!left_out && parts == earlier())) {
        return result();
      }
      parts = left_out ? std::max<std::size_t>(parts - 1, 2) : 2 * parts;
    }
    return result();
  }

 private:
  /// Those before the one that crashes, which is always needed: until then nothing happens.
  std::size_t earlier() const { return found_.inputs.size() - 1; }

  bool try_without_one_of(std::size_t parts) {
    for (std::size_t part = 0; part < parts && error_.empty(); ++part) {
      if (try_without(earlier() * part / parts, earlier() * (part + 1) / parts)) {
        return true;
      }
    }
    return false;
  }

  /// Takes the sequence without inputs [first, end) if it crashes as before.
  bool try_without(std::size_t first, std::size_t end) {
    std::vector<const Input*> rest;
    for (std::size_t index = 0; index < found_.inputs.size(); ++index) {
      if (index < first || index >= end) {
        rest.push_back(found_.inputs[index]);
      }
    }
    ++found_.attempts;
    auto crash = run_sequence(rest, execute_, seconds_max_);
    if (!crash) {
      error_ = crash.error();
      return false;
    }
    if (!*crash || (*crash)->how != found_.crash.how) {
      return false;
    }
    take(std::move(rest), std::move(**crash));
    return true;
  }

  void take(std::vector<const Input*> inputs, Crash crash) {
    inputs.resize(crash.input + 1);
    found_.inputs = std::move(inputs);
    found_.crash = std::move(crash);
  }

  std::expected<ShortestSequence, std::string> result() {
    if (!error_.empty()) {
      return std::unexpected(error_);
    }
    return std::move(found_);
  }

  Execute* execute_;
  unsigned seconds_max_;
  ShortestSequence found_;
  std::string error_;
};

}  // namespace

std::expected<std::optional<Crash>, std::string> run_sequence(std::span<const Input* const> inputs,
                                                              Execute* execute,
                                                              unsigned seconds_max) {
  constexpr char begun = '.';
  auto end = run_in_child(seconds_max, [&](int pipe) {
    for (const Input* const input : inputs) {
      if (::write(pipe, &begun, 1) != 1) ::_exit(1);
      execute(input->bytes.data(), input->bytes.size());
    }
    if (::write(pipe, &begun, 1) != 1) ::_exit(1);
  });
  if (!end) {
    return std::unexpected(std::move(end.error()));
  }
  // One for each input that was begun, and one at the end, where it came there.
  const std::size_t marks = end->reported.size();
  if (marks > inputs.size() && end->status == 0) {
    return std::nullopt;
  }
  const std::size_t input = std::min(marks, inputs.size()) - (marks == 0 ? 0 : 1);
  return Crash{input, kind_of(*end, seconds_max), std::move(end->errors)};
}

std::expected<ShortestSequence, std::string> shorten(std::span<const Input* const> inputs,
                                                     Crash crash, Execute* execute,
                                                     unsigned seconds_max) {
  return Shortener({inputs.begin(), inputs.end()}, std::move(crash), execute, seconds_max)
      .shorten();
}

}  // namespace fiberproof::fuzz
