// One cvc5 process that answers scripts one after the other, over a socket that is its input and
// its output. Starting a process for each query would take longer than most answers.
#pragma once

#include "verify/process/child_process.hpp"
#include "verify/process/descriptor.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

class Cvc5Process {
 public:
  /// cvc5 itself enforces `time_limit` on each check-sat.
  explicit Cvc5Process(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}
  Cvc5Process(const Cvc5Process&) = delete;
  Cvc5Process& operator=(const Cvc5Process&) = delete;

  /// Sends a script without an `exit`; cvc5 forgets earlier scripts. Call answer() next, which also
  /// reports any error of sending.
  void ask(const std::string& script);

  /// What cvc5 prints for the script. An error says why there is no answer: cvc5 cannot be started,
  /// has ended, or has been silent for longer than the time limit and a grace period. The next
  /// question then goes to a new process.
  [[nodiscard]] std::expected<std::string, std::string> answer();

 private:
  [[nodiscard]] std::expected<void, std::string> start();
  void stop();
  void send_all(std::string_view text) const;
  [[nodiscard]] std::expected<std::string, std::string> receive() const;

  std::chrono::milliseconds time_limit_;
  Descriptor socket_;
  std::optional<ChildProcess> child_;
  std::expected<void, std::string> asked_ = std::unexpected("was not asked");
};

}  // namespace fiberproof::verify
