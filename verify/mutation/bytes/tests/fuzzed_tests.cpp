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
                "r: a -> dropped: refuted by c/T5.x, and survives in the fuzz targets",
                "r: c -> dropped: not refuted, and the target trampoline ends with T5 violated"}));
  const std::vector<Survivor> listed{{"r", "a -> dropped", "why"}, {"other", "b", "why"}};
  EXPECT_EQ(differences("r", mutants, otherwise, listed).size(), 1u);
  const std::vector<Survivor> stale{{"r", "z -> dropped", "why"}};
  EXPECT_EQ(differences("r", mutants, as_proved, stale),
            std::vector<std::string>{"r: z -> dropped: listed as a survivor, and is no mutant"});
}

TEST(fuzzed_mutants, are_listed_with_a_reason) {
  const auto listed = parse_survivors("# none\n\nr: mov a, b -> dropped: why: so\n", "list");
  ASSERT_TRUE(listed) << listed.error();
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().change, "mov a, b -> dropped");
  EXPECT_EQ(listed->front().reason, "why: so");
  EXPECT_EQ(parse_survivors("r: a -> dropped\n", "list").error(),
            "fiberproof: list:1: expected ROUTINE: CHANGE: REASON");
  const auto [path, text] = embedded_survivors();
  EXPECT_TRUE(parse_survivors(text, path));
}

}  // namespace
}  // namespace fiberproof::verify
