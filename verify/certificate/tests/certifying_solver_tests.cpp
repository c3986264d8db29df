// A certifying solver passes on the answers that it can certify, and rejects solvers that prove
// what does not hold or whose proofs are wrong.
#include "verify/certificate/certifying_solver.hpp"

#include "verify/certificate/tally.hpp"
#include "verify/smt/memory.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Always gives the answer that it was made with.
class Oracle final : public Solver {
 public:
  explicit Oracle(Verdict verdict) : verdict_(verdict) {}
  Answer prove(const Query&) override {
    Answer answer;
    answer.verdict = verdict_;
    return answer;
  }

 private:
  Verdict verdict_;
};

const Term x = variable("x");
const Term y = variable("y");
// Needs a search, so that there is a proof that can be wrong.
const Query holds{{less(x, y), less(y, word(1000))},
                  equal((x ^ y) & word(7), (x | y) - (x & y) - ((x ^ y) & word(~7ull)))};
const Query does_not_hold{{less(x, y)}, less(x, word(1000))};

struct Outcome {
  Answer answer;
  Certificate certificate;
};

Outcome prove(const Query& query, const ProofSource& source, Verdict believed = Verdict::proved) {
  Outcome outcome;
  const auto solver = make_certifying_solver(
      std::make_unique<Oracle>(believed), 10s,
      [&](const Query&, const Cnf&, const Certificate& certificate, bool,
          std::chrono::nanoseconds) { outcome.certificate = certificate; },
      source);
  outcome.answer = solver->prove(query);
  return outcome;
}

void expect_rejected(const Outcome& outcome, const std::string& reason) {
  EXPECT_EQ(outcome.answer.verdict, Verdict::unknown);
  EXPECT_EQ(outcome.certificate.verdict, CertificateVerdict::rejected);
  EXPECT_NE(outcome.answer.reason.find("the certificate was rejected: " + reason),
            std::string::npos)
      << outcome.answer.reason;
}

TEST(certifying_solver, certifies_what_holds) {
  const Outcome outcome = prove(holds, make_cadical());
  EXPECT_EQ(outcome.answer.verdict, Verdict::proved);
  EXPECT_EQ(outcome.certificate.verdict, CertificateVerdict::accepted);
  EXPECT_GT(outcome.certificate.proof_bytes, 0u);
}

TEST(certifying_solver, a_wrong_proved_is_noticed) {
  expect_rejected(prove(does_not_hold, make_cadical()), "the SAT solver has a counterexample");
}

TEST(certifying_solver, other_answers_pass) {
  EXPECT_EQ(prove(does_not_hold, {}, Verdict::refuted).answer.verdict, Verdict::refuted);
  EXPECT_EQ(prove(holds, {}, Verdict::unknown).answer.verdict, Verdict::unknown);
}

TEST(certifying_solver, a_solver_whose_proof_is_of_another_formula_is_noticed) {
  const auto of_another = [](const Cnf&, std::chrono::milliseconds limit) {
    Cnf other;
    const Literal a = other.new_variable();
    const Literal b = other.new_variable();
    for (const Literal first : {a, ~a}) {
      for (const Literal second : {b, ~b}) other.add({first, second});
    }
    return make_cadical()(other, limit);
  };
  expect_rejected(prove(does_not_hold, of_another), "");
  expect_rejected(prove(holds, of_another), "");
}

TEST(certifying_solver, a_solver_that_claims_without_a_proof_is_noticed) {
  const auto claims = [](const char* proof) {
    return [proof](const Cnf&, std::chrono::milliseconds) {
      SatRun run{SatRun::End::unsatisfiable, {}, {}};
      for (const char* at = proof; *at != 0; ++at) run.proof.push_back(static_cast<std::byte>(*at));
      return run;
    };
  };
  expect_rejected(prove(does_not_hold, claims("")), "the proof ends without the empty clause");
  expect_rejected(prove(holds, claims("s UNSATISFIABLE\n")), "byte 1 of the proof");
}

TEST(certifying_solver, a_proof_with_a_lemma_left_out_is_noticed) {
  const auto forgetful = [](const Cnf& formula, std::chrono::milliseconds limit) {
    SatRun run = make_cadical()(formula, limit);
    run.proof.erase(run.proof.begin(), run.proof.end() - 2);  // all but the empty clause
    return run;
  };
  expect_rejected(prove(holds, forgetful), "step 1 of the proof does not follow");
}

TEST(certifying_solver, a_solver_that_is_missing_is_named) {
  expect_rejected(prove(holds, make_cadical("no-such-solver")),
                  "no-such-solver cannot be started: is it installed?");
}

TEST(certifying_solver, an_unexpected_exit_is_not_a_proof) {
  expect_rejected(prove(holds, make_cadical("false")), "false ended with 1");
  expect_rejected(prove(holds, make_cadical("true")), "true ended with 0");
}

TEST(certifying_solver, a_timeout_leaves_the_answer_uncertified) {
  const Term small_x = x & word(0xffffffff);
  const Term small_y = y & word(0xffffffff);
  const Query hard{{less(word(1), small_x), less(word(1), small_y)},
                   logical_not(equal(multiply(small_x, small_y), word(0x3fffffffffffffc7)))};
  CertificateTally tally;
  const auto solver =
      make_certifying_solver(std::make_unique<Oracle>(Verdict::proved), 300ms,
                             std::bind_front(&CertificateTally::add, &tally), make_cadical());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(solver->prove(hard).verdict, Verdict::proved);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  tally.name_last("hard/L1.prime", hard);
  tally.name_questions("hard");
  EXPECT_EQ(tally.complaints(),
            std::vector<std::string>{"hard/L1.prime: not certified: the SAT solver: out of time"});
  EXPECT_NE(tally.summary().find("certified 0 of 1 proved answers, 1 obligations"),
            std::string::npos)
      << tally.summary();
  EXPECT_NE(tally.summary().find("; 1 not certified, 0 rejected"), std::string::npos);
}

TEST(certifying_solver, queries_that_differ_in_names_are_certified_once) {
  std::vector<bool> new_ones;
  const auto solver = make_certifying_solver(
      std::make_unique<Oracle>(Verdict::proved), 10s,
      [&](const Query&, const Cnf&, const Certificate&, bool is_new, std::chrono::nanoseconds) {
        new_ones.push_back(is_new);
      },
      make_cadical());
  for (const char* name : {"a", "a", "b"}) {
    const Term n = variable(name);
    EXPECT_EQ(solver->prove({{less(n, word(7))}, less(n, word(8))}).verdict, Verdict::proved);
  }
  EXPECT_EQ(new_ones, (std::vector<bool>{true, false, false}));
}

// Questions of the execution are certified, too: a solver that proves everything would load a word
// that a later store may have overwritten.
TEST(certifying_solver, a_wrong_answer_to_a_question_of_the_execution_is_noticed) {
  const Term base = variable("base");
  const Regions regions{{"stack", base, word(0), word(4096)}};
  const auto load = [&](Solver& solver) {
    Memory memory(&regions, &solver, "entry");
    memory.store({0, word(8)}, word(1), 8);
    memory.store({0, variable("n")}, word(2), 8);
    return memory.load({0, word(8)}, 8, {});
  };
  Oracle credulous(Verdict::proved);
  const auto wrong = load(credulous);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->as_constant(), 1u) << "it believes that n is not 8";

  CertificateTally tally;
  const auto solver =
      make_certifying_solver(std::make_unique<Oracle>(Verdict::proved), 10s,
                             std::bind_front(&CertificateTally::add, &tally), make_cadical());
  EXPECT_FALSE(load(*solver));
  EXPECT_TRUE(tally.any_rejected());
  tally.name_questions("wrong");
  EXPECT_EQ(tally.complaints().at(0),
            "wrong, a question of its execution: certificate rejected: the SAT solver has a "
            "counterexample");
}

}  // namespace
}  // namespace fiberproof::verify
