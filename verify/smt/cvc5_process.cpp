#include "verify/smt/cvc5_process.hpp"

#include "verify/smt/cancellation.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// cvc5 echoes this after each answer. It prints strings with their quotes.
constexpr std::string_view end_of_answer = "\"end of answer\"\n";

// On a busy computer cvc5 may notice its own limit late.
constexpr std::chrono::milliseconds grace(10'000);

// How often a wait checks whether it was cancelled.
constexpr std::chrono::milliseconds patience(100);

}  // namespace

// Nothing can be sent to a process that has ended; its last words are the answer then.
void Cvc5Process::ask(const std::string& script) {
  asked_ = !child_ ? start() : std::expected<void, std::string>();
  if (asked_) send_all(fmt::format("(reset)\n{}(echo \"end of answer\")\n", script));
}

std::expected<std::string, std::string> Cvc5Process::answer() {
  auto answer = asked_ ? receive() : std::unexpected(asked_.error());
  asked_ = std::unexpected("was not asked");
  if (!answer) stop();
  return answer;
}

std::expected<void, std::string> Cvc5Process::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return std::unexpected(fmt::format("no socket: {}", std::strerror(errno)));
  }
  Descriptor ours(ends[0]);
  const Descriptor its(ends[1]);
  // Integer blasting, because most queries are about addresses, which are sums.
  auto child =
      ChildProcess::start({.arguments = {"cvc5", "--lang", "smt2", "--solve-bv-as-int=sum",
                                         fmt::format("--tlimit-per={}", time_limit_.count())},
                           .input = its.number(),
                           .output = its.number(),
                           .errors = its.number()});
  if (!child) return std::unexpected("cannot be started");
  socket_ = std::move(ours);
  child_.emplace(std::move(*child));
  return {};
}

void Cvc5Process::stop() {
  child_.reset();
  socket_.close();
}

void Cvc5Process::send_all(std::string_view text) const {
  while (!text.empty()) {
    const auto sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::expected<std::string, std::string> Cvc5Process::receive() const {
  const auto deadline = std::chrono::steady_clock::now() + time_limit_ + grace;
  std::string answer;
  while (!answer.ends_with(end_of_answer)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (are_queries_cancelled()) return std::unexpected(std::string(cancelled));
    ::pollfd waited{socket_.number(), POLLIN, 0};
    const auto part_of_it = std::min(left, patience);
    const int ready =
        left.count() <= 0 ? 0 : ::poll(&waited, 1, static_cast<int>(part_of_it.count()));
    if ((ready < 0 && errno == EINTR) || (ready == 0 && left.count() > 0)) continue;
    if (ready <= 0) return std::unexpected("is silent");
    std::array<char, 4096> part{};
    const auto count = ::recv(socket_.number(), part.data(), part.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return std::unexpected(answer.empty() ? "has ended" : answer.substr(0, answer.find('\n')));
    }
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
  answer.resize(answer.size() - end_of_answer.size());
  return answer;
}

}  // namespace fiberproof::verify
