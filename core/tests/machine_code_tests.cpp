// The machine code that a program reports of itself is the code that it runs.
#include "core/machine_code.hpp"

#include "core/continuation_start.hpp"
#include "core/instrumentation.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace fiberproof {
namespace {

TEST(machine_code, routines_are_in_the_reported_section) {
  const auto bytes = routine_bytes();
  const auto first = reinterpret_cast<std::uint64_t>(bytes.data());
  for (const auto routine : {reinterpret_cast<std::uint64_t>(&continuation_start),
                             reinterpret_cast<std::uint64_t>(&continuation_start_v44),
                             reinterpret_cast<std::uint64_t>(&initialize)}) {
    EXPECT_GE(routine, first);
    EXPECT_LT(routine, first + bytes.size());
  }
}

TEST(machine_code, every_switch_site_has_the_same_bytes) {
  const auto sites = switch_site_bytes();
#ifdef FIBERPROOF_SANITIZED
  ASSERT_GE(sites.size(), 1u) << "all switches are one function's";
#else
  ASSERT_GE(sites.size(), 2u) << "resume and suspend switch";
#endif
  for (const auto site : sites) {
    EXPECT_TRUE(std::ranges::equal(site, sites.front()));
  }
}

}  // namespace
}  // namespace fiberproof
