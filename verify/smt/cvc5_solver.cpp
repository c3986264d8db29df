// cvc5 behind the Solver interface, as a process: a second opinion that shares no code with Z3. Any
// answer but "unsat" or "sat" becomes unknown, error messages included.
#include "verify/smt/cvc5_process.hpp"
#include "verify/smt/query.hpp"

#include <string_view>

namespace fiberproof::verify {
namespace {

class Cvc5Solver final : public Solver {
 public:
  explicit Cvc5Solver(std::chrono::milliseconds time_limit)
      : time_limit_(time_limit), process_(time_limit) {}

  Answer prove(const Query& query) override {
    const auto start = std::chrono::steady_clock::now();
    if (!is_asked_) begin(query);
    is_asked_ = false;
    const auto output = process_.answer();
    Answer answer;
    if (output == "unsat\n") {
      answer.verdict = Verdict::proved;
    } else if (output == "sat\n") {
      answer.verdict = Verdict::refuted;
    } else {
      answer.reason = told(output ? output->substr(0, output->find('\n')) : output.error());
    }
    answer.time = std::chrono::steady_clock::now() - start;
    return answer;
  }

  void begin(const Query& query) override {
    std::string script = to_smt2(query, "a query of fiberproof");
    constexpr std::string_view exit = "(exit)\n";
    script.resize(script.size() - exit.size());
    process_.ask(script);
    is_asked_ = true;
  }

 private:
  // cvc5 answers "unknown" at its time limit; silence means that it is late.
  std::string told(const std::string& output) const {
    const bool is_timeout = output == "unknown" || output == "timeout" || output == "is silent" ||
                            output.find("interrupted by timeout") != std::string::npos;
    return is_timeout ? no_answer("cvc5", time_limit_) : "cvc5 " + output;
  }

  std::chrono::milliseconds time_limit_;
  Cvc5Process process_;
  bool is_asked_ = false;
};

}  // namespace

std::unique_ptr<Solver> make_cvc5_solver(std::chrono::milliseconds time_limit) {
  return std::make_unique<Cvc5Solver>(time_limit);
}

std::optional<std::string> why_cvc5_is_missing(std::chrono::milliseconds time_limit) {
  const Answer answer = Cvc5Solver(time_limit).prove({{}, truth(true)});
  return answer.verdict == Verdict::proved ? std::nullopt : std::optional(answer.reason);
}

}  // namespace fiberproof::verify
