// The checker accepts correct proofs and nothing else: hand-made ones, CaDiCaL's, and both damaged
// in many ways. For a satisfiable formula it accepts no bytes at all.
#include "verify/certificate/checker.hpp"

#include "verify/certificate/cadical.hpp"
#include "verify/certificate/tests/reference.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace fiberproof::verify {
namespace {

using std::chrono_literals::operator""s;

using Bytes = std::vector<std::byte>;

// Clauses and steps as in DIMACS and textual DRAT: 3 is the third variable, -3 its negation.
Literal literal(int number) {
  const Literal positive = Literal::of(static_cast<std::uint32_t>(std::abs(number)));
  return number < 0 ? ~positive : positive;
}

Cnf formula(std::uint32_t variables, const std::vector<std::vector<int>>& clauses) {
  Cnf cnf;
  while (cnf.variables() < variables) cnf.new_variable();
  for (const auto& numbers : clauses) {
    std::vector<Literal> clause;
    for (const int number : numbers) clause.push_back(literal(number));
    cnf.add(clause);
  }
  return cnf;
}

void append(Bytes& proof, char kind, const std::vector<int>& numbers) {
  proof.push_back(static_cast<std::byte>(kind));
  for (const int number : numbers) {
    std::uint32_t code = literal(number).code();
    for (; code >= 128; code /= 128) proof.push_back(static_cast<std::byte>(code % 128 + 128));
    proof.push_back(static_cast<std::byte>(code));
  }
  proof.push_back(std::byte{0});
}

Bytes lemmas(const std::vector<std::vector<int>>& steps) {
  Bytes proof;
  for (const auto& step : steps) append(proof, 'a', step);
  return proof;
}

bool accepts(const Cnf& cnf, const Bytes& proof) {
  return check_proof(cnf, proof).verdict == ProofVerdict::accepted;
}

std::string reason(const Cnf& cnf, const Bytes& proof) {
  return check_proof(cnf, proof).reason;
}

// Unsatisfiable: excludes all four assignments of two variables.
Cnf square() {
  return formula(2, {{1, 2}, {-1, 2}, {1, -2}, {-1, -2}});
}

TEST(checker, accepts_a_proof_made_by_hand) {
  EXPECT_TRUE(accepts(square(), lemmas({{2}, {}})));
  EXPECT_TRUE(accepts(square(), lemmas({{2}, {1}, {}})));
  EXPECT_EQ(check_proof(square(), lemmas({{2}, {}})).checked, 1u);
}

TEST(checker, the_empty_clause_alone_proves_what_propagation_refutes) {
  EXPECT_TRUE(accepts(formula(2, {{1}, {-1, 2}, {-2}}), lemmas({{}})));
  EXPECT_TRUE(accepts(formula(1, {{}}), lemmas({{}})));
  EXPECT_FALSE(accepts(square(), lemmas({{}})));
  EXPECT_FALSE(accepts(formula(1, {}), lemmas({{}})));
}

TEST(checker, the_proof_must_end_with_the_empty_clause) {
  EXPECT_EQ(reason(square(), {}), "the proof ends without the empty clause");
  EXPECT_EQ(reason(square(), lemmas({{2}})), "the proof ends without the empty clause");
  EXPECT_TRUE(accepts(square(), lemmas({{2}, {}, {1}}))) << "and then it may go on";
  Bytes garbage = lemmas({{2}, {}});
  garbage.push_back(std::byte{7});
  EXPECT_EQ(reason(square(), garbage), "byte 6 of the proof: neither a lemma nor a deletion");
}

TEST(checker, a_lemma_that_does_not_follow_is_named) {
  const Cnf satisfiable = formula(3, {{1, 2}, {-1, 2}, {-2, 3}});
  EXPECT_EQ(reason(satisfiable, lemmas({{2}, {-3}, {}})), "step 2 of the proof does not follow");
  EXPECT_EQ(reason(satisfiable, lemmas({{2}, {}})), "step 2 of the proof does not follow");
}

// A lemma that merely preserves satisfiability is rejected, although DRAT allows it: {3} is blocked
// here.
TEST(checker, rejects_rat_lemmas) {
  EXPECT_FALSE(accepts(formula(3, {{1, 2}, {-1, 2}, {1, -2}, {-1, -2}}), lemmas({{3}, {-3}, {}})));
}

TEST(checker, unneeded_lemmas_are_not_checked) {
  EXPECT_TRUE(accepts(formula(3, {{1, 2}, {-1, 2}, {1, -2}, {-1, -2}}), lemmas({{3}, {2}, {}})));
}

TEST(checker, deletes_clauses_except_reasons) {
  Bytes proof;
  append(proof, 'd', {-1, -2});
  append(proof, 'a', {2});
  append(proof, 'a', {});
  EXPECT_FALSE(accepts(square(), proof)) << "without that clause something satisfies the rest";

  proof.clear();
  append(proof, 'a', {2, 3});  // a permitted step: deletes a clause that was there once
  append(proof, 'd', {3, 2});
  append(proof, 'd', {3, 1});  // never there
  append(proof, 'a', {2});
  append(proof, 'd', {1, 2});
  append(proof, 'a', {});
  EXPECT_TRUE(accepts(formula(3, {{1, 2}, {-1, 2}, {1, -2}, {-1, -2}}), proof));

  const Cnf chain = formula(3, {{1}, {-1, 2}, {-2, 3, -1}, {-2, -3, -1}});
  EXPECT_TRUE(accepts(chain, lemmas({{}})));
  const Cnf open = formula(4, {{1}, {-1, 2}, {-2, 3, 4}, {-2, 3, -4}, {-2, -3, 4}, {-2, -3, -4}});
  proof.clear();
  append(proof, 'd', {-1, 2});  // the reason why the second variable is true
  append(proof, 'a', {3});
  append(proof, 'a', {});
  EXPECT_TRUE(accepts(open, proof));
}

TEST(checker, accepts_unusual_clauses) {
  EXPECT_TRUE(accepts(formula(2, {{1, 1, 1}, {-1, 2, -1}, {-2, -2}}), lemmas({{}})));
  EXPECT_FALSE(accepts(formula(2, {{1, -1}, {2, -2}}), lemmas({{1, -1}, {2}, {}})));
  EXPECT_TRUE(accepts(square(), lemmas({{1, -1}, {2, 2}, {}})));
}

TEST(checker, rejects_malformed_bytes_with_their_place) {
  const auto bytes = [](std::initializer_list<int> values) {
    Bytes proof;
    for (const int value : values) proof.push_back(static_cast<std::byte>(value));
    return proof;
  };
  const auto place = [&](std::initializer_list<int> values) {
    return reason(square(), bytes(values));
  };
  EXPECT_EQ(place({'x'}), "byte 1 of the proof: neither a lemma nor a deletion");
  EXPECT_EQ(place({'a', 4}), "byte 2 of the proof: a number without an end");
  EXPECT_EQ(place({'a', 0x84}), "byte 2 of the proof: a number without an end");
  EXPECT_EQ(place({'a', 0x84, 0x80, 0x80, 0x80, 0x80, 0, 0}),
            "byte 6 of the proof: a number without an end");
  EXPECT_EQ(place({'a', 1, 0}), "byte 2 of the proof: a literal of no variable");
  EXPECT_EQ(place({'a', 6, 0}), "byte 2 of the proof: a literal of no variable");
}

TEST(checker, a_time_limit_is_kept) {
  const auto check =
      check_proof(square(), lemmas({{2}, {}}), std::chrono::steady_clock::now() - 1s);
  EXPECT_EQ(check.verdict, ProofVerdict::out_of_time);
}

// n + 1 pigeons do not fit into n holes.
Cnf pigeons(int holes) {
  const auto in = [holes](int pigeon, int hole) { return pigeon * holes + hole + 1; };
  std::vector<std::vector<int>> clauses;
  for (int pigeon = 0; pigeon <= holes; ++pigeon) {
    clauses.emplace_back();
    for (int hole = 0; hole < holes; ++hole) clauses.back().push_back(in(pigeon, hole));
  }
  for (int hole = 0; hole < holes; ++hole) {
    for (int pigeon = 0; pigeon <= holes; ++pigeon) {
      for (int other = 0; other < pigeon; ++other)
        clauses.push_back({-in(pigeon, hole), -in(other, hole)});
    }
  }
  return formula(static_cast<std::uint32_t>((holes + 1) * holes), clauses);
}

Cnf random_formula(std::mt19937_64& random, std::uint32_t variables, std::size_t clauses) {
  Cnf cnf;
  while (cnf.variables() < variables) cnf.new_variable();
  for (std::size_t index = 0; index < clauses; ++index) {
    std::vector<Literal> clause;
    for (int place = 0; place < 3; ++place)
      clause.emplace_back(static_cast<std::uint32_t>(2 + random() % (2 * variables)));
    cnf.add(clause);
  }
  return cnf;
}

Cnf without_clause(const Cnf& cnf, std::size_t left_out) {
  Cnf rest;
  while (rest.variables() < cnf.variables()) rest.new_variable();
  for (std::size_t index = 0; index < cnf.size(); ++index) {
    if (index != left_out) rest.add(cnf[index]);
  }
  return rest;
}

Bytes cadical_proof(const Cnf& cnf) {
  const SatRun run = make_cadical()(cnf, 10s);
  EXPECT_EQ(run.end, SatRun::End::unsatisfiable) << run.reason;
  return run.proof;
}

// The proof with a bit flipped, bytes removed, doubled or exchanged, or cut short.
Bytes spoilt(Bytes proof, std::mt19937_64& random) {
  for (std::uint64_t times = 1 + random() % 3; times > 0 && !proof.empty(); --times) {
    const auto at = static_cast<std::ptrdiff_t>(random() % proof.size());
    const auto left = static_cast<std::ptrdiff_t>(proof.size()) - at;
    const auto end = at + std::min<std::ptrdiff_t>(left, 1 + static_cast<int>(random() % 12));
    switch (random() % 5) {
      case 0:
        proof[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1u << random() % 8);
        break;
      case 1: proof.erase(proof.begin() + at, proof.begin() + end); break;
      case 2: {
        const Bytes part(proof.begin() + at, proof.begin() + end);
        proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(random() % proof.size()),
                     part.begin(), part.end());
        break;
      }
      case 3: std::swap(proof[static_cast<std::size_t>(at)], proof[random() % proof.size()]); break;
      default:
        if (random() % 4 == 0) proof.resize(static_cast<std::size_t>(at));
    }
  }
  return proof;
}

// The proof without one whole step.
Bytes without_step(const Bytes& proof, std::uint32_t variables, std::size_t left_out) {
  const auto steps = parse_proof(proof, variables).value();
  Bytes rest;
  for (std::size_t index = 0; index < steps.size(); ++index) {
    if (index == left_out) continue;
    std::vector<int> numbers;
    for (const Literal each : steps[index].literals) {
      const int number = static_cast<int>(each.variable());
      numbers.push_back(each.is_negated() ? -number : number);
    }
    append(rest, steps[index].is_deletion ? 'd' : 'a', numbers);
  }
  return rest;
}

TEST(checker, accepts_the_proofs_that_cadical_makes) {
  for (const int holes : {2, 3, 4, 5, 6, 7}) {
    const Cnf cnf = pigeons(holes);
    const CheckedProof checked = check_proof(cnf, cadical_proof(cnf));
    EXPECT_EQ(checked.verdict, ProofVerdict::accepted) << holes << " holes: " << checked.reason;
  }
  EXPECT_GT(check_proof(pigeons(7), cadical_proof(pigeons(7))).checked, 500u);
}

TEST(checker, rejects_a_proof_of_another_formula) {
  EXPECT_FALSE(accepts(pigeons(5), cadical_proof(pigeons(4))));
  const Bytes proof = cadical_proof(pigeons(5));
  for (std::size_t index = 0; index < pigeons(5).size(); ++index)
    EXPECT_FALSE(accepts(without_clause(pigeons(5), index), proof)) << "without clause " << index;
}

TEST(checker, accepts_a_damaged_proof_only_if_it_still_proves) {
  std::mt19937_64 random(1);
  const Cnf cnf = pigeons(4);
  const Bytes proof = cadical_proof(cnf);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const Bytes other = spoilt(proof, random);
    const bool accepted = accepts(cnf, other);
    refused += accepted ? 0 : 1;
    if (accepted) {
      EXPECT_TRUE(reference_accepts(cnf, other)) << "round " << round;
    }
  }
  EXPECT_GT(refused, 1000);
  const std::size_t steps = parse_proof(proof, cnf.variables())->size();
  for (std::size_t step = 0; step < steps; ++step) {
    const Bytes other = without_step(proof, cnf.variables(), step);
    if (accepts(cnf, other)) {
      EXPECT_TRUE(reference_accepts(cnf, other)) << "without step " << step;
    }
  }
  EXPECT_TRUE(accepts(cnf, without_step(proof, cnf.variables(), steps)));
}

// Proofs of a formula that lacks one needed clause, damaged, and random steps: the checker must
// accept none.
TEST(checker, no_proof_refutes_a_satisfiable_formula) {
  std::mt19937_64 random(2);
  int formulas = 0;
  while (formulas < 60) {
    const Cnf cnf = random_formula(random, 8, 50);
    if (is_satisfiable(cnf)) continue;
    const Bytes proof = cadical_proof(cnf);
    EXPECT_TRUE(accepts(cnf, proof)) << reason(cnf, proof);
    Cnf satisfiable = cnf;
    while (!is_satisfiable(satisfiable))
      satisfiable = without_clause(satisfiable, random() % satisfiable.size());
    ++formulas;
    EXPECT_FALSE(accepts(satisfiable, proof));
    for (int round = 0; round < 1000; ++round)
      ASSERT_FALSE(accepts(satisfiable, spoilt(proof, random))) << "formula " << formulas;
  }
}

TEST(checker, random_steps_refute_no_satisfiable_formula) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    const Cnf cnf = random_formula(random, 4, 4 + random() % 20);
    Bytes proof;
    for (std::uint64_t steps = random() % 12; steps > 0; --steps) {
      std::vector<int> numbers;
      for (std::uint64_t size = 1 + random() % 3; size > 0; --size)
        numbers.push_back((random() % 2 == 0 ? 1 : -1) * static_cast<int>(1 + random() % 4));
      append(proof, random() % 3 == 0 ? 'd' : 'a', numbers);
    }
    append(proof, 'a', {});
    const bool accepted = accepts(cnf, proof);
    if (accepted) {
      ASSERT_FALSE(is_satisfiable(cnf)) << "round " << round;
      ASSERT_TRUE(reference_accepts(cnf, proof)) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
