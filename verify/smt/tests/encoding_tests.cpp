// Both encodings for Z3 agree with each other and with our own evaluator, and cvc5 agrees with both
// if it is installed.
#include "verify/smt/query.hpp"

#include <gtest/gtest.h>
#include <cstdlib>
#include <random>

namespace fiberproof::verify {
namespace {

using std::chrono_literals::operator""s;

// Words of the kind that addresses and flags are made of; the integer encoding can express them.
Term address_like(std::mt19937_64& random, int depth) {
  if (depth == 0) {
    return random() % 3 == 0 ? word(random() >> (random() % 64))
                             : variable(random() % 2 == 0 ? "x" : "y");
  }
  const Term a = address_like(random, depth - 1);
  const Term b = address_like(random, depth - 1);
  const std::uint64_t low_mask = (std::uint64_t{1} << (random() % 64)) - 1;
  switch (random() % 11) {
    case 7: return a & word(~low_mask);
    case 8: return (a & word(~low_mask)) | (b & word(low_mask));
    case 9: return multiply(a, word(random()));
    case 10: return word(low_mask) & a;
    case 0: return a + b;
    case 1: return a - b;
    case 2: return shift_left(a, static_cast<unsigned>(random() % 8));
    case 3: return a & word((std::uint64_t{1} << (random() % 40)) - 1);
    case 4: return shift_right(a, static_cast<unsigned>(random() % 40));
    case 5: return ~a;
    default: return select(bit_of(a, static_cast<unsigned>(random() % 64)), a, b);
  }
}

TEST(encoding, integers_and_bits_give_the_same_verdict) {
  std::mt19937_64 random(2);
  const auto integers = make_z3_solver(5s, Z3Encodings::integers);
  const auto bits = make_z3_solver(5s, Z3Encodings::bits);
  int decided = 0;
  for (int round = 0; round < 300; ++round) {
    const Term left = address_like(random, 1 + round % 2);
    const Term right = address_like(random, 1 + round % 2);
    const Query query{
        {less(variable("x"), word(1000)), less(variable("y"), variable("x"))},
        round % 2 == 0 ? logical_not(less(left, right)) : logical_not(equal(left, right))};
    const Answer first = integers->prove(query);
    const Answer second = bits->prove(query);
    if (first.verdict == Verdict::unknown || second.verdict == Verdict::unknown) continue;
    ASSERT_EQ(first.verdict, second.verdict) << to_smt2(query, "they disagree");
    ++decided;
  }
  EXPECT_GE(decided, 250) << "too few rounds were decided by both to mean anything";
}

TEST(encoding, integers_wrap_around_at_the_end_of_the_words) {
  const Term x = variable("x");
  const Formula claim = less(x, x + word(1));
  const Answer answer = make_z3_solver(5s, Z3Encodings::integers)->prove({{}, claim});
  ASSERT_EQ(answer.verdict, Verdict::refuted);
  EXPECT_EQ(answer.counterexample.words.at("x"), ~std::uint64_t{0});
}

TEST(encoding, falls_back_to_bits) {
  const Term x = variable("x");
  const Query query{{}, equal(x ^ variable("y") ^ x, variable("y"))};
  EXPECT_EQ(make_z3_solver(5s, Z3Encodings::integers)->prove(query).verdict, Verdict::unknown);
  EXPECT_EQ(make_z3_solver(5s)->prove(query).verdict, Verdict::proved);
}

TEST(encoding, a_timeout_is_unknown) {
  const Term x = variable("x");
  const Term y = variable("y");
  const Query hard{
      {less(word(1), x), less(word(1), y), less(x, word(1ull << 32)), less(y, word(1ull << 32))},
      logical_not(equal(multiply(x, y), word(0x3fffffffffffffc7)))};
  const Answer answer =
      make_z3_solver(std::chrono::milliseconds(300), Z3Encodings::bits)->prove(hard);
  EXPECT_EQ(answer.verdict, Verdict::unknown);
  EXPECT_FALSE(answer.reason.empty());
}

TEST(encoding, cvc5_agrees_on_a_proof_and_on_a_refutation) {
  ASSERT_EQ(std::system("cvc5 --version > /dev/null"), 0) << "cvc5 is part of the set-up";
  const auto cvc5 = make_cvc5_solver(5s);
  const Term x = variable("entry.stack.0 with odd|name");
  const Term n = variable("n");
  EXPECT_EQ(cvc5->prove({{less(n, word(1000))}, less(shift_left(n, 4), word(16'000))}).verdict,
            Verdict::proved);
  EXPECT_EQ(cvc5->prove({{}, less(n, n + word(1))}).verdict, Verdict::refuted);
  EXPECT_EQ(cvc5->prove({{}, equal(x, x + word(1))}).verdict, Verdict::unknown)
      << "an error message is no answer";
  EXPECT_EQ(cvc5->prove({{}, less(n, n + word(1))}).verdict, Verdict::refuted)
      << "after an error the process is another";
}

TEST(encoding, cvc5_answers_the_query_it_began) {
  const auto cvc5 = make_cvc5_solver(5s);
  const Term n = variable("n");
  for (unsigned count = 0; count < 3; ++count) {
    const Query holds{{less(n, word(1000))}, less(n, word(1001 + count))};
    const Query does_not{{less(n, word(1001 + count))}, less(n, word(1000))};
    cvc5->begin(holds);
    EXPECT_EQ(cvc5->prove(holds).verdict, Verdict::proved);
    cvc5->begin(does_not);
    EXPECT_EQ(cvc5->prove(does_not).verdict, Verdict::refuted);
    EXPECT_EQ(cvc5->prove(holds).verdict, Verdict::proved) << "without having begun";
  }
}

// Two factors of 32 bits cannot be found in so little time. Repeated, since the query may end just
// as its time does.
TEST(encoding, a_timeout_is_reported_as_a_timeout) {
  const Term x = variable("x") & word(0xffff'ffff);
  const Term y = variable("y") & word(0xffff'ffff);
  const Query factors{
      {less(word(1), x), less(word(1), y)},
      logical_not(equal(multiply(x, y), word(4294967291u * std::uint64_t{4294967279u})))};
  for (const Z3Encodings encodings : {Z3Encodings::bits, Z3Encodings::integers_then_bits}) {
    const auto solver = make_z3_solver(std::chrono::milliseconds(2), encodings);
    for (unsigned count = 0; count < 10; ++count) {
      const Answer answer = solver->prove(factors);
      EXPECT_EQ(answer.verdict, Verdict::unknown);
      EXPECT_EQ(answer.reason, "the solver did not answer in 2 ms: try a longer --timeout");
    }
  }
}

TEST(encoding, a_missing_cvc5_gives_no_answer) {
  const std::string path = std::getenv("PATH");
  ASSERT_EQ(::setenv("PATH", "/nowhere", 1), 0);
  const Answer answer = make_cvc5_solver(5s)->prove({{}, less(variable("n"), word(1))});
  const auto missing = why_cvc5_is_missing(5s);
  ASSERT_EQ(::setenv("PATH", path.c_str(), 1), 0);
  EXPECT_EQ(answer.verdict, Verdict::unknown);
  EXPECT_EQ(answer.reason, "cvc5 cannot be started");
  EXPECT_EQ(missing, "cvc5 cannot be started");
}

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

TEST(encoding, disagreeing_solvers_are_unknown) {
  const Query query{{}, truth(true)};
  const auto both = [&query](Verdict first, Verdict second) {
    return make_agreeing_solver(std::make_unique<Oracle>(first), std::make_unique<Oracle>(second))
        ->prove(query)
        .verdict;
  };
  EXPECT_EQ(both(Verdict::proved, Verdict::proved), Verdict::proved);
  EXPECT_EQ(both(Verdict::refuted, Verdict::refuted), Verdict::refuted);
  EXPECT_EQ(both(Verdict::proved, Verdict::refuted), Verdict::unknown);
  EXPECT_EQ(both(Verdict::refuted, Verdict::proved), Verdict::unknown);
  EXPECT_EQ(both(Verdict::proved, Verdict::unknown), Verdict::unknown);
  EXPECT_EQ(both(Verdict::unknown, Verdict::proved), Verdict::unknown);
}

}  // namespace
}  // namespace fiberproof::verify
