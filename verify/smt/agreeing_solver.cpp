// Combines two solvers into one that gives a verdict only where both agree.
#include "verify/smt/query.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

class AgreeingSolver final : public Solver {
 public:
  AgreeingSolver(std::unique_ptr<Solver> first, std::unique_ptr<Solver> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  Answer prove(const Query& query) override {
    second_->begin(query);
    Answer answer = first_->prove(query);
    const Answer opinion = second_->prove(query);
    answer.time += opinion.time;
    if (answer.verdict != opinion.verdict) {
      answer.reason = difference(answer, opinion);
      answer.verdict = Verdict::unknown;
    }
    return answer;
  }

 private:
  static std::string difference(const Answer& answer, const Answer& opinion) {
    if (opinion.verdict == Verdict::unknown) {
      return fmt::format("{} by one solver, but {}", name_of(answer.verdict), opinion.reason);
    }
    if (answer.verdict == Verdict::unknown) {
      return fmt::format("{} by one solver, but {}", name_of(opinion.verdict), answer.reason);
    }
    return fmt::format("the solvers differ: {} and {}", name_of(answer.verdict),
                       name_of(opinion.verdict));
  }

  std::unique_ptr<Solver> first_;
  std::unique_ptr<Solver> second_;
};

}  // namespace

std::unique_ptr<Solver> make_agreeing_solver(std::unique_ptr<Solver> first,
                                             std::unique_ptr<Solver> second) {
  return std::make_unique<AgreeingSolver>(std::move(first), std::move(second));
}

}  // namespace fiberproof::verify
