// What an engine is told of an input: whether to keep it and breed from it.
#include "fuzz/target.hpp"

#include "fuzz/generate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>

namespace fiberproof::fuzz {
namespace {

int run_text(const std::string& text) {
  return run_input({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                   &generate_trampoline_program);
}

std::string nested(unsigned depth, unsigned values) {
  return fmt::format(
      "fiberproof program 1\ndepth {0}\nresumes {0}\nstack s0 mapped 524288\n"
      "function f0 params {1} returns 1\n  resume f0 on s0\n  return\n"
      "main\n  resume f0 on s0\nend\n",
      depth, values);
}

TEST(target, an_ordinary_program_is_kept) { EXPECT_EQ(run_text(nested(64, 3)), 0); }

TEST(target, a_dear_program_is_run_but_not_bred_from) {
  EXPECT_EQ(run_text(nested(65, 3)), -1);
  EXPECT_EQ(run_text(nested(1, 16 * 1024 + 1)), -1);
}

TEST(target, a_text_that_is_no_program_is_not_bred_from) {
  EXPECT_EQ(run_text("fiberproof program 1\n"), -1);
}

TEST(target, any_other_bytes_are_a_program) { EXPECT_EQ(run_text("\x01\x02"), 0); }

}  // namespace
}  // namespace fiberproof::fuzz
