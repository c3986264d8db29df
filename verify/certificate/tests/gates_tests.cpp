// Every gate on every choice of operands from two constants and three inputs with their negations,
// under every assignment of the inputs: exhaustive, with the gates of all choices in one circuit.
#include "verify/certificate/gates.hpp"

#include "verify/certificate/tests/reference.hpp"

#include <gtest/gtest.h>
#include <array>
#include <functional>

namespace fiberproof::verify {
namespace {

using Gate = std::function<Literal(Gates&, Literal, Literal, Literal)>;
using Truth = bool (*)(bool, bool, bool);

void expect_gate(const Gate& gate, Truth truth) {
  Gates gates;
  const std::array inputs{gates.input(), gates.input(), gates.input()};
  const std::array operands{gates.constant(true),
                            gates.constant(false),
                            inputs[0],
                            ~inputs[0],
                            inputs[1],
                            ~inputs[1],
                            inputs[2],
                            ~inputs[2]};
  std::vector<Literal> outputs;
  for (const Literal a : operands) {
    for (const Literal b : operands) {
      for (const Literal c : operands) outputs.push_back(gate(gates, a, b, c));
    }
  }
  for (unsigned assignment = 0; assignment < 8; ++assignment) {
    std::vector<Literal> assigned;
    for (unsigned input = 0; input < 3; ++input)
      assigned.push_back((assignment >> input & 1) != 0 ? inputs[input] : ~inputs[input]);
    const auto values = consequences(clauses_of(gates.cnf()), gates.cnf().variables(), assigned);
    ASSERT_TRUE(values) << "the gates leave no value, assignment " << assignment;
    const auto is_true = [&](Literal literal) {
      EXPECT_NE((*values)[literal.code()], 0) << "the operands leave a value open";
      return (*values)[literal.code()] > 0;
    };
    std::size_t output = 0;
    for (const Literal a : operands) {
      for (const Literal b : operands) {
        for (const Literal c : operands) {
          ASSERT_EQ(is_true(outputs[output]), truth(is_true(a), is_true(b), is_true(c)))
              << "choice " << output << ", assignment " << assignment;
          ++output;
        }
      }
    }
  }
}

TEST(gates, both) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal) { return in.both(a, b); },
              [](bool a, bool b, bool) { return a && b; });
}

TEST(gates, either) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal) { return in.either(a, b); },
              [](bool a, bool b, bool) { return a || b; });
}

TEST(gates, all) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal c) { return in.all({a, b, c}); },
              [](bool a, bool b, bool c) { return a && b && c; });
}

TEST(gates, differ) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal) { return in.differ(a, b); },
              [](bool a, bool b, bool) { return a != b; });
}

TEST(gates, choose) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal c) { return in.choose(a, b, c); },
              [](bool a, bool b, bool c) { return a ? b : c; });
}

TEST(gates, parity) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal c) { return in.parity(a, b, c); },
              [](bool a, bool b, bool c) { return (a != b) != c; });
}

TEST(gates, majority) {
  expect_gate([](Gates& in, Literal a, Literal b, Literal c) { return in.majority(a, b, c); },
              [](bool a, bool b, bool c) { return a + b + c >= 2; });
}

TEST(gates, different_kinds_stay_apart) {
  Gates gates;
  const Literal a = gates.input();
  const Literal b = gates.input();
  const Literal c = gates.input();
  const std::array outputs{gates.both(a, b), gates.differ(a, b), gates.choose(a, b, c),
                           gates.parity(a, b, c), gates.majority(a, b, c)};
  for (std::size_t one = 0; one < outputs.size(); ++one) {
    for (std::size_t other = 0; other < one; ++other) EXPECT_NE(outputs[one], outputs[other]);
  }
}

}  // namespace
}  // namespace fiberproof::verify
