// One cvc5 that answers scripts one after the other, over a socket that is its input and its
// output: starting a process for each query takes longer than most answers.
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
  /// `time_limit` is that of one check-sat, which cvc5 keeps itself.
  explicit Cvc5Process(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}
  Cvc5Process(const Cvc5Process&) = delete;
  Cvc5Process& operator=(const Cvc5Process&) = delete;

  /// Sends a script that has no exit, to be read as from a new start. Call answer() next, which
  /// also reports what went wrong here.
  void ask(const std::string& script);

  /// What cvc5 prints about the script. An error says why there is no answer: it cannot be started,
  /// has ended, or is silent for longer than the time limit and a grace. The next question then
  /// goes to a new process.
  [[nodiscard]] std::expected<std::string, std::string> answer();

 private:
  std::expected<void, std::string> start();
  void stop();
  void send_all(std::string_view text) const;
  std::expected<std::string, std::string> receive() const;

  std::chrono::milliseconds time_limit_;
  Descriptor socket_;
  std::optional<ChildProcess> child_;
  std::expected<void, std::string> asked_ = std::unexpected("was not asked");
};

}  // namespace fiberproof::verify
