// Remembers answers: paths through one routine share their beginnings, and ask the same questions.
#include "verify/smt/query.hpp"

#include <map>
#include <utility>

namespace fiberproof::verify {
namespace {

class RememberingSolver final : public Solver {
 public:
  explicit RememberingSolver(std::unique_ptr<Solver> asked) : asked_(std::move(asked)) {}

  Answer prove(const Query& query) override {
    // Terms are hash-consed, so the same nodes are the same question.
    std::pair<std::vector<std::uint64_t>, std::uint64_t> key;
    for (const Formula& assumption : query.assumptions) key.first.push_back(assumption.node().id);
    key.second = query.goal.node().id;
    const auto known = answers_.find(key);
    if (known != answers_.end()) {
      Answer answer = known->second;
      answer.time = {};
      return answer;
    }
    Answer answer = asked_->prove(query);
    answers_.emplace(std::move(key), answer);
    return answer;
  }

 private:
  std::unique_ptr<Solver> asked_;
  std::map<std::pair<std::vector<std::uint64_t>, std::uint64_t>, Answer> answers_;
};

}  // namespace

std::unique_ptr<Solver> make_remembering_solver(std::unique_ptr<Solver> asked) {
  return std::make_unique<RememberingSolver>(std::move(asked));
}

}  // namespace fiberproof::verify
