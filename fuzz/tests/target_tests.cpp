// What a target does with an input: whether it runs it twice, and tells an engine to keep it.
#include "fuzz/targets/target.hpp"

#include "fuzz/generate/start_profiles.hpp"
#include "fuzz/oracle/oracle.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

// As if libFuzzer were linked. fuzz.libfuzzer_keeps_no_text_that_is_no_program asks the real one.
extern "C" const char libfuzzer_driver[] __asm__("_ZN6fuzzer12FuzzerDriverEPiPPPcPFiPKhmE");
const char libfuzzer_driver[] = "";

namespace fiberproof::fuzz {
namespace {

int run_text(const std::string& text) {
  return run_input({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                   &generate_starts);
}

std::string nested(unsigned depth, unsigned values) {
  return fmt::format(
      "fiberproof program 2\nstack s0 pooled 524288\nfunction f0 params {} returns 1\nsteps\n"
      "  start f0 on s0\n{}end\n",
      values, depth == 1 ? "" : fmt::format("  repeat 1 {}\n", depth - 1));
}

TEST(target, an_ordinary_program_is_kept) {
  EXPECT_EQ(run_text(nested(64, 3)), 0);
}

TEST(target, a_slow_program_is_run_but_not_kept) {
  EXPECT_EQ(run_text(nested(65, 3)), -1);
  EXPECT_EQ(run_text(nested(1, 16 * 1024 + 1)), -1);
}

TEST(target, a_text_that_is_no_program_is_not_kept) {
  EXPECT_EQ(run_text("fiberproof program 2\n"), -1);
  EXPECT_EQ(run_text("fiberproof program 1\n"), -1);
}

TEST(target, what_is_meant_to_end_the_process_is_not_run) {
  EXPECT_EQ(run_text("fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 0 returns 0\n"
                     "steps\n  start f0 on s0\n  overflow\nend\n"),
            -1);
  EXPECT_EQ(run_text("fiberproof program 2\nstack s0 pooled 65536\n"
                     "function f0 params 0 returns 0\nsteps\n  new h0 f0 on s0\n"
                     "  resume h0 0 to h0\n  resume-again h0\nend\n"),
            -1);
}

TEST(target, any_other_bytes_are_a_program) {
  EXPECT_EQ(run_text("\x01\x02"), 0);
}

TEST(target, one_input_in_eight_is_run_twice) {
  unsigned twice = 0;
  for (std::uint32_t number = 0; number < 8000; ++number) {
    const std::array<std::uint8_t, 3> input{static_cast<std::uint8_t>(number),
                                            static_cast<std::uint8_t>(number >> 8), 7};
    twice += is_run_twice(input) ? 1 : 0;
  }
  EXPECT_GT(twice, 800u);
  EXPECT_LT(twice, 1200u);
}

/// How often the oracle of L1 is asked while `text` is run.
std::uint64_t layouts_judged(const std::string& text) {
  const std::uint64_t before = oracle_counts()[std::size_t(SpecId::L1)];
  run_text(text);
  return oracle_counts()[std::size_t(SpecId::L1)] - before;
}

TEST(target, whether_an_input_is_run_twice_is_decided_by_its_bytes_alone) {
  const std::string text = nested(3, 1);
  unsigned runs_seen = 0;  // bit 0 for once, bit 1 for twice
  for (unsigned number = 0; number < 64; ++number) {
    const std::string variant = text + fmt::format("# {}\n", number);
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(variant.data()), variant.size());
    const unsigned runs = is_run_twice(bytes) ? 2 : 1;
    EXPECT_EQ(layouts_judged(variant), 3 * runs);
    EXPECT_EQ(layouts_judged(variant), 3 * runs);
    runs_seen |= runs;
  }
  EXPECT_EQ(runs_seen, 3u);
}

}  // namespace
}  // namespace fiberproof::fuzz
