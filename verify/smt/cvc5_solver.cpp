// cvc5 behind the Solver interface, as a process of its own: a second opinion that shares no code
// with Z3. Any answer but "unsat" or "sat" is unknown, an error message included.
#include "verify/smt/query.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace fiberproof::verify {
namespace {

// A script in a temporary file that is gone when this is.
class ScriptFile {
 public:
  explicit ScriptFile(const std::string& script) {
    const int descriptor = ::mkstemps(path_.data(), 5);
    if (descriptor < 0) return;
    const auto written = ::write(descriptor, script.data(), script.size());
    complete_ = written == static_cast<ssize_t>(script.size());
    ::close(descriptor);
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  ~ScriptFile() { ::unlink(path_.c_str()); }

  bool complete() const { return complete_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/fiberproof-XXXXXX.smt2";
  bool complete_ = false;
};

std::string output_of(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot start a process";
  std::string output;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) {
    output.append(part.data(), count);
  }
  ::pclose(pipe);
  return output;
}

class Cvc5Solver final : public Solver {
 public:
  explicit Cvc5Solver(std::chrono::milliseconds time_limit) : time_limit_(time_limit) {}

  Answer prove(const Query& query) override {
    const auto start = std::chrono::steady_clock::now();
    Answer answer;
    const ScriptFile script(to_smt2(query, "a query of fiberproof"));
    if (!script.complete()) {
      answer.reason = "cannot write " + script.path();
      return answer;
    }
    // Integer blasting: most queries are about addresses, which are sums.
    const std::string output =
        output_of(fmt::format("cvc5 --lang smt2 --solve-bv-as-int=sum --tlimit={} {} 2>&1",
                              time_limit_.count(), script.path()));
    if (output == "unsat\n") {
      answer.verdict = Verdict::proved;
    } else if (output == "sat\n") {
      answer.verdict = Verdict::refuted;
    } else {
      answer.reason = "cvc5: " + output.substr(0, output.find('\n'));
    }
    answer.time = std::chrono::steady_clock::now() - start;
    return answer;
  }

 private:
  std::chrono::milliseconds time_limit_;
};

}  // namespace

std::unique_ptr<Solver> make_cvc5_solver(std::chrono::milliseconds time_limit) {
  return std::make_unique<Cvc5Solver>(time_limit);
}

}  // namespace fiberproof::verify
