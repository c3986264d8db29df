// One question to a solver, and its answer: does the goal follow from the assumptions, for all
// values of their variables? A verdict is proved, refuted or unknown, and an unknown fails the run.
#pragma once

#include "verify/smt/term.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

enum class Verdict : std::uint8_t { proved, refuted, unknown };

const char* name_of(Verdict verdict);

struct Query {
  std::vector<Formula> assumptions;
  Formula goal;
};

struct Answer {
  Verdict verdict = Verdict::unknown;
  Model counterexample;  ///< of a refutation: satisfies the assumptions and not the goal
  std::string reason;    ///< of an unknown: the solver's own words
  std::chrono::nanoseconds time{};
};

/// The reason of an unknown after a timeout: which solver, and what to do about it.
std::string no_answer(const char* solver, std::chrono::milliseconds time_limit);

/// Decides queries. Every answer takes at most the time limit that the solver was made with.
class Solver {
 public:
  virtual ~Solver() = default;
  virtual Answer prove(const Query& query) = 0;
  /// Hints the next query so that a solver process can start early. The answer's time then counts
  /// only the wait.
  virtual void begin(const Query&) {}
};

/// How Z3 gets a query: as integers, as 64-bit vectors, or first one and then the other.
enum class Z3Encodings : std::uint8_t { integers_then_bits, integers, bits };

/// Z3 as a library. The time limit applies to each encoding that is tried.
std::unique_ptr<Solver> make_z3_solver(std::chrono::milliseconds time_limit,
                                       Z3Encodings encodings = Z3Encodings::integers_then_bits);

/// cvc5 as one process that reads the queries as SMT-LIB 2. It gives no counterexample.
std::unique_ptr<Solver> make_cvc5_solver(std::chrono::milliseconds time_limit);

/// Why cvc5 cannot answer anything here, or nothing if it can; asks it one trivial question.
std::optional<std::string> why_cvc5_is_missing(std::chrono::milliseconds time_limit);

/// Asks both solvers, the second one at the same time if possible. Where their verdicts differ, the
/// answer is unknown and says so. Counterexamples are the first solver's.
std::unique_ptr<Solver> make_agreeing_solver(std::unique_ptr<Solver> first,
                                             std::unique_ptr<Solver> second);

/// Asks `asked` each question once: the same nodes get the remembered answer at once.
std::unique_ptr<Solver> make_remembering_solver(std::unique_ptr<Solver> asked);

/// The query as an SMT-LIB 2 script. Its check-sat answers unsat exactly where the goal follows.
std::string to_smt2(const Query& query, const std::string& comment);

}  // namespace fiberproof::verify
