// One cvc5 that answers scripts one after the other, over a socket that is its input and its
// output: to start a process for each query takes longer than most answers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::verify {

class Cvc5Process {
 public:
  /// `time_limit` is that of one check-sat, which cvc5 keeps itself.
  explicit Cvc5Process(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}
  Cvc5Process(const Cvc5Process&) = delete;
  Cvc5Process& operator=(const Cvc5Process&) = delete;
  ~Cvc5Process() { stop(); }

  /// Sends a script that has no exit, to be read as from a new start; answer() is next, and says
  /// what is wrong, if anything.
  void ask(const std::string& script);

  /// What cvc5 prints about the script. An error says why there is no answer: it cannot be started,
  /// has ended, or is silent for longer than the time limit and a grace. The next question then
  /// goes to a new process.
  std::expected<std::string, std::string> answer();

 private:
  std::expected<void, std::string> start();
  void stop();
  void send_all(std::string_view text) const;
  std::expected<std::string, std::string> receive() const;

  std::chrono::milliseconds time_limit_;
  pid_t child_ = 0;
  int socket_ = -1;
  std::expected<void, std::string> asked_ = std::unexpected("was not asked");
};

}  // namespace fiberproof::verify
