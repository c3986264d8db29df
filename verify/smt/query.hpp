// One question to a solver, and its answer: does the goal follow from the assumptions, for all
// values of their variables? Verdicts are closed: whatever is not proved or refuted is unknown, and
// an unknown fails the run.
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
  std::string reason;    ///< of an unknown: the solver's own word
  std::chrono::nanoseconds time{};
};

/// The reason of an unknown whose time has run out: whose, and what to do.
std::string no_answer(const char* solver, std::chrono::milliseconds time_limit);

/// A decision procedure for queries. Every answer takes at most the time limit it was made with.
class Solver {
 public:
  virtual ~Solver() = default;
  virtual Answer prove(const Query& query) = 0;
  /// What prove() is asked next, and nothing else: who can, begins. The answer's time is then what
  /// is waited for.
  virtual void begin(const Query&) {}
};

/// How queries are put to Z3: as integers, as 64-bit vectors, or as the one and then the other.
enum class Z3Encodings : std::uint8_t { integers_then_bits, integers, bits };

/// Z3 by its library. The time limit holds for each encoding that is tried.
std::unique_ptr<Solver> make_z3_solver(std::chrono::milliseconds time_limit,
                                       Z3Encodings encodings = Z3Encodings::integers_then_bits);

/// cvc5 as one process that reads the queries as SMT-LIB 2. It gives no counterexample.
std::unique_ptr<Solver> make_cvc5_solver(std::chrono::milliseconds time_limit);

/// Why cvc5 cannot answer anything here, if so: it is asked one trivial question.
std::optional<std::string> why_cvc5_is_missing(std::chrono::milliseconds time_limit);

/// Asks both, the second at the same time if it can: a verdict on which they differ is unknown,
/// and says so. Counterexamples are the first's.
std::unique_ptr<Solver> make_agreeing_solver(std::unique_ptr<Solver> first,
                                             std::unique_ptr<Solver> second);

/// Asks `asked` each question once: the same nodes again have the same answer, in no time.
std::unique_ptr<Solver> make_remembering_solver(std::unique_ptr<Solver> asked);

/// The query as an SMT-LIB 2 script whose check-sat answers unsat exactly where the goal follows.
std::string to_smt2(const Query& query, const std::string& comment);

}  // namespace fiberproof::verify
