#include "verify/process/process.hpp"

#include "verify/process/descriptor.hpp"
#include "verify/process/interruption.hpp"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int look_again_ms = 100;
constexpr std::chrono::seconds patience(3);  // from SIGINT to SIGKILL, and then for its output
constexpr std::size_t line_bytes_max = 1 << 20;

// A program with its output, which is read line by line.
class Run {
 public:
  explicit Run(const ProcessCommand& command) { start(command); }

  /// -1 where nothing more comes.
  int output() const { return output_.number(); }
  const ProcessEnd& end() const { return end_; }

  /// Reads what there is; calls `on_line` with whole lines. At the end reaps the process.
  template <class OnLine>
  void read(const OnLine& on_line) {
    std::array<char, 16 * 1024> part{};
    const ssize_t count = ::read(output(), part.data(), part.size());
    if (count < 0 && errno == EINTR) return;
    if (count > 0) text_.append(part.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = text_.find('\n')) != text_.npos;) {
      tell(text_.substr(0, end), on_line);
      text_.erase(0, end + 1);
    }
    if (!text_.empty() && (count <= 0 || text_.size() > line_bytes_max)) {
      tell(std::exchange(text_, {}), on_line);
    }
    if (count <= 0) finish();
  }

  // Sends SIGINT, later SIGKILL; later still no longer waits for what holds its output open.
  void make_end(bool is_for_interruption) {
    const auto now = Clock::now();
    if (asked_ == Clock::time_point{}) {
      asked_ = now;
      (is_for_interruption ? end_.interrupted : end_.stopped) = true;
      child_->signal(SIGINT);
    } else if (now > asked_ + 2 * patience) {
      finish();
    } else if (now > asked_ + patience) {
      child_->signal(SIGKILL);
    }
  }

 private:
  void start(const ProcessCommand& command) {
    if (is_interrupted()) {
      end_.interrupted = true;
      return;
    }
    Pipe output = Pipe::make();
    if (!output.reading) {
      end_.why_not_started = std::strerror(errno);
      return;
    }
    auto child = ChildProcess::start({.arguments = command.arguments,
                                      .environment = command.environment,
                                      .output = output.writing.number(),
                                      .errors = output.writing.number(),
                                      .addresses = command.addresses,
                                      .leads_group = true});
    if (!child) {
      end_.why_not_started = child.error();
      return;
    }
    end_.started = true;
    child_.emplace(std::move(*child));
    output_ = std::move(output.reading);
  }

  template <class OnLine>
  static void tell(std::string line, const OnLine& on_line) {
    while (line.ends_with('\r')) line.pop_back();
    on_line(line);
  }

  void finish() {
    output_.close();
    end_.exit_code = exit_code_of(child_->wait());
  }

  std::optional<ChildProcess> child_;
  Descriptor output_;
  std::string text_;
  Clock::time_point asked_{};
  ProcessEnd end_;
};

}  // namespace

std::vector<ProcessEnd> run_processes(
    const std::vector<ProcessCommand>& commands,
    const std::function<void(std::size_t command, const std::string& line)>& on_line,
    const std::function<bool(bool has_one_failed)>& should_stop) {
  std::vector<std::unique_ptr<Run>> all;
  for (const ProcessCommand& command : commands) {
    all.push_back(std::make_unique<Run>(command));
  }
  const auto runs = [](const auto& run) { return run->output() >= 0; };
  while (std::ranges::any_of(all, runs)) {
    std::vector<pollfd> waited;
    for (const auto& run : all) waited.push_back({run->output(), POLLIN, 0});
    const int ready = ::poll(waited.data(), waited.size(), look_again_ms);
    for (std::size_t index = 0; ready > 0 && index < all.size(); ++index) {
      if (waited[index].revents == 0) continue;
      all[index]->read([&](const std::string& line) { on_line(index, line); });
    }
    const bool has_one_failed = std::ranges::any_of(
        all, [&](const auto& run) { return !runs(run) && run->end().exit_code != 0; });
    if (!is_interrupted() && !should_stop(has_one_failed)) continue;
    for (const auto& run : all) {
      if (runs(run)) run->make_end(is_interrupted());
    }
  }
  std::vector<ProcessEnd> ends;
  for (const auto& run : all) ends.push_back(run->end());
  return ends;
}

ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses) {
  const auto ends = run_processes(
      {{arguments, environment, addresses}},
      [&on_line](std::size_t, const std::string& line) { on_line(line); },
      [](bool) { return false; });
  return ends.front();
}

}  // namespace fiberproof::verify
