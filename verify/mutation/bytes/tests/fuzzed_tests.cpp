// Where proofs and fuzz targets differ on a mutant, and the list of those where they may.
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/bytes/fuzzed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::verify {
namespace {

using End = FuzzedMutant::End;

JudgedMutant judged(std::string description, MutantVerdict verdict) {
  return {std::move(description), MutationKind::dropped, verdict, "c/T5.x", {}, {}, {}};
}

TEST(fuzzed_mutants, on_which_proofs_and_targets_differ_are_told_unless_listed) {
  const std::vector<JudgedMutant> mutants{judged("a -> dropped", MutantVerdict::refuted),
                                          judged("b -> dropped", MutantVerdict::refuted),
                                          judged("c -> dropped", MutantVerdict::equivalent)};
  const std::vector<FuzzedMutant> as_proved{{End::killed}, {End::does_not_fit}, {End::survived}};
  EXPECT_TRUE(differences("r", mutants, as_proved, {}).empty());
  const std::vector<FuzzedMutant> otherwise{
      {End::survived}, {End::killed}, {End::killed, "trampoline", "T5 violated"}};
  EXPECT_EQ(differences("r", mutants, otherwise, {}),
            (std::vector<std::string>{
                "r: a -> dropped: refuted by c/T5.x, but survives in the fuzz targets",
                "r: c -> dropped: not refuted, but the target trampoline ends with T5 violated"}));
  const ListedReasons listed{{"r: a -> dropped", {1, "why"}}, {"other: b", {2, "why"}}};
  EXPECT_EQ(differences("r", mutants, otherwise, listed).size(), 1u);
  const ListedReasons stale{{"r: z -> dropped", {1, "why"}}};
  EXPECT_EQ(differences("r", mutants, as_proved, stale),
            std::vector<std::string>{"r: z -> dropped: listed as a survivor, but no mutant"});
}

TEST(fuzzed_mutants, are_listed_with_a_reason) {
  const auto [path, text] = embedded_survivors();
  const auto listed = parse_reasons(text, path);
  ASSERT_TRUE(listed) << listed.error();
  EXPECT_EQ(listed->size(), 6u);
}

}  // namespace
}  // namespace fiberproof::verify
