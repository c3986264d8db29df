// What the mutator makes of small texts, and what it leaves alone.
#include "verify/mutation/cpp/mutator.hpp"

#include <gtest/gtest.h>
#include <set>

namespace fiberproof::verify {
namespace {

// The body as each mutant leaves it.
std::vector<std::string> bodies_of(const std::string& body) {
  const std::string head = "void f() {\n";
  const std::string text = head + body + "\n}\n";
  std::vector<std::string> bodies;
  for (const SourceMutant& mutant : mutants_of("core/a.cpp", text).mutants) {
    const std::string changed = mutated(mutant, text);
    bodies.push_back(changed.substr(head.size(), changed.size() - head.size() - 3));
  }
  return bodies;
}

using Texts = std::vector<std::string>;

TEST(mutator, exchanges_operators) {
  EXPECT_EQ(bodies_of("return a == b;"), Texts{"return a != b;"});
  EXPECT_EQ(bodies_of("return a != b;"), Texts{"return a == b;"});
  EXPECT_EQ(bodies_of("return a < b;"), Texts{"return a <= b;"});
  EXPECT_EQ(bodies_of("return a <= b;"), Texts{"return a < b;"});
  EXPECT_EQ(bodies_of("return a > b;"), Texts{"return a >= b;"});
  EXPECT_EQ(bodies_of("return a >= b;"), Texts{"return a > b;"});
  EXPECT_EQ(bodies_of("return a + b;"), Texts{"return a - b;"});
  EXPECT_EQ(bodies_of("return a - b;"), Texts{"return a + b;"});
  EXPECT_EQ(bodies_of("return a && b;"), Texts{"return a || b;"});
  EXPECT_EQ(bodies_of("return a || b;"), Texts{"return a && b;"});
  EXPECT_EQ(bodies_of("return !a;"), Texts{"return a;"});
}

TEST(mutator, turns_steps_round_and_drops_them) {
  EXPECT_EQ(bodies_of("return ++a;"), (Texts{"return --a;", "return a;"}));
  EXPECT_EQ(bodies_of("++a;"), (Texts{";", "--a;", "a;"}));
}

TEST(mutator, changes_constants) {
  EXPECT_EQ(bodies_of("return 0;"), Texts{"return 1;"});
  EXPECT_EQ(bodies_of("return 1u;"), Texts{"return 0u;"});
  EXPECT_EQ(bodies_of("return 7;"), Texts{"return 8;"});
  EXPECT_EQ(bodies_of("return true;"), Texts{"return false;"});
  EXPECT_EQ(bodies_of("return State::fresh;"), Texts{"return State::running;"});
  EXPECT_EQ(bodies_of("return State::trapped;"), Texts{"return State::fresh;"});
  EXPECT_EQ(bodies_of("return Other::fresh;"), Texts{});
  EXPECT_EQ(bodies_of("return 1.5;"), Texts{});
}

TEST(mutator, deletes_statements_on_one_line_and_over_several) {
  EXPECT_EQ(bodies_of("a.b = c;"), Texts{";"});
  EXPECT_EQ(bodies_of("call(a,\n     [] { return b; });"), Texts{";"});
  EXPECT_EQ(bodies_of("if (a) call();"), (Texts{"if (!(a)) call();", "if (a) ;"}));
  EXPECT_EQ(bodies_of("for (;;) {\n  call();\n}"), Texts{"for (;;) {\n  ;\n}"});
  EXPECT_EQ(bodies_of("*a = b;"), Texts{";"});
}

TEST(mutator, keeps_declarations_and_changes_what_is_inside) {
  EXPECT_EQ(bodies_of("Type a;"), Texts{});
  EXPECT_EQ(bodies_of("const Type& a = b;"), Texts{});
  EXPECT_EQ(bodies_of("Type* a = b;"), Texts{});
  EXPECT_EQ(bodies_of("std::span<const Type> a = b;"), Texts{});
  EXPECT_EQ(bodies_of("auto a = b + c;"), Texts{"auto a = b - c;"});
  EXPECT_TRUE(mutants_of("a.hpp", "class A {\n  Type a();\n  int b_ = c;\n};\n").mutants.empty());
  EXPECT_TRUE(mutants_of("a.hpp", "namespace a {\nusing b::c;\nvoid d();\n}\n").mutants.empty());
}

TEST(mutator, negates_conditions_where_no_operator_says_the_same) {
  EXPECT_EQ(bodies_of("if (a) return;"), Texts{"if (!(a)) return;"});
  EXPECT_EQ(bodies_of("if (a == b) return;"), Texts{"if (a != b) return;"});
  EXPECT_EQ(bodies_of("if (!a(b)) return;"), Texts{"if (a(b)) return;"});
  EXPECT_EQ(bodies_of("if (a || !b) return;"),
            (Texts{"if (!(a || !b)) return;", "if (a && !b) return;", "if (a || b) return;"}));
  EXPECT_EQ(bodies_of("if (auto a = b; a) return;"), Texts{"if (auto a = b; !(a)) return;"});
  EXPECT_EQ(bodies_of("if (auto a = b) return;"), Texts{});
  EXPECT_EQ(bodies_of("if constexpr (a) return;"), Texts{});
}

TEST(mutator, leaves_alone_what_is_no_code) {
  EXPECT_EQ(bodies_of("// a == 0\n/* b + 1\n c < d; */"), Texts{});
  EXPECT_EQ(bodies_of("return \"a == \\\" 0\";"), Texts{});
  EXPECT_EQ(bodies_of("return R\"x(a == \" 0)x\";"), Texts{});
  EXPECT_EQ(bodies_of("return '0';"), Texts{});
  EXPECT_EQ(bodies_of("\n#if 0 == A\n#define B \\\n  1\n#endif"), Texts{});
  EXPECT_EQ(bodies_of("[[gnu::aligned(1)]] int a;"), Texts{});
  EXPECT_EQ(bodies_of("asm(\"\" : : \"i\"(0));"), Texts{});
  EXPECT_EQ(bodies_of("static_assert(sizeof(A) == 8);"), Texts{});
}

TEST(mutator, tells_templates_arrows_and_references_from_operators) {
  EXPECT_EQ(bodies_of("return a->b;"), Texts{});
  EXPECT_EQ(bodies_of("return static_cast<A<0>>(b);"), Texts{});
  EXPECT_EQ(bodies_of("return a<A> > b;"), Texts{"return a<A> >= b;"});
  EXPECT_EQ(bodies_of("auto&& a = b;"), Texts{});
  EXPECT_EQ(bodies_of("return -a;"), Texts{});
  EXPECT_TRUE(
      mutants_of("a.hpp", "bool operator==(A, A);\nbool operator<(A, A);\n").mutants.empty());
  EXPECT_TRUE(mutants_of("a.hpp", "template <int a = 0>\nint b();\n").mutants.empty());
}

TEST(mutator, counts_checks_and_leaves_them) {
  const SourceMutants made = mutants_of(
      "a.cpp", "void f() {\n  FIBER_CHECK(C2, a + 1,\n              ==, b);\n  c();\n}\n");
  EXPECT_EQ(made.checks_left_out, 1u);
  ASSERT_EQ(made.mutants.size(), 1u);
  EXPECT_EQ(made.mutants[0].line, 4u);
}

TEST(mutator, names_a_place_and_keys_outlive_other_edits) {
  const std::string text = "void f() {\n  g(a + b + c);\n}\nvoid h() {\n  g(a + b + c);\n}\n";
  const auto before = mutants_of("core/a.cpp", text).mutants;
  const auto after = mutants_of("core/a.cpp", "\n// more\n" + text).mutants;
  ASSERT_EQ(before.size(), 6u);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(before[1].name(), "core/a.cpp:2:7: `+` becomes `-`");
  EXPECT_EQ(before[1].key, "core/a.cpp: g(a + b + c);: `+` becomes `-`, 1");
  EXPECT_EQ(before[5].key, "core/a.cpp: g(a + b + c);: `+` becomes `-`, 4");
  std::set<std::string> keys;
  for (std::size_t at = 0; at < before.size(); ++at) {
    EXPECT_EQ(after[at].key, before[at].key);
    EXPECT_EQ(after[at].line, before[at].line + 2);
    keys.insert(before[at].key);
  }
  EXPECT_EQ(keys.size(), before.size());
}

TEST(mutator, prints_a_patch) {
  const std::string text = "void f() {\n  g(a,\n    b);\n}\n";
  const auto mutants = mutants_of("core/a.cpp", text).mutants;
  ASSERT_EQ(mutants.size(), 1u);
  EXPECT_EQ(diff_of(mutants[0], text),
            "--- a/core/a.cpp\n+++ b/core/a.cpp\n@@ -1,4 +1,3 @@\n void f() {\n-  g(a,\n-    b);\n"
            "+  ;\n }\n");
}

}  // namespace
}  // namespace fiberproof::verify
