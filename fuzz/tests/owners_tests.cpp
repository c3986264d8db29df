// Memory that only stacks own: a run without a defect has none leaked, and a run reports one where
// LeakSanitizer is not told of a stack, or of its fake frames.
#include "fuzz/run/owners.hpp"

#include "core/instrumentation.hpp"
#include "fuzz/run/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#ifdef FIBERPROOF_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#include <cstdio>

namespace fiberproof::fuzz {
namespace {

#ifdef FIBERPROOF_ASAN

/// At the end a chain of two is suspended, with memory in the frames of both, and a continuation is
/// fresh, with memory in its args buffer.
constexpr const char* program_text = R"(fiberproof program 2
stack s0 pooled 65536
stack s1 supplied 65000
function f0 params 2 returns 3
tags 1
steps
  new h0 f0 on s0
  new h1 f0 on s1
  new h2 f0 on s1
  resume h0 2 to h0 suspends t0
  call 3
  resume h1 1 to h1
  try
  suspend t0 1 room 3
  bind h2 2 to h2
end
)";

[[noreturn]] void print_and_leave(const Finding& finding) {
  fmt::print(stderr, "{}: {}\n", name_of(finding.violation.id), sentence_of(finding.violation));
  std::fflush(stderr);
  ::_exit(3);
}

void run_with(void (*on_resume)(Handle resumed, std::span<Value> values)) {
  static Program program;
  ASSERT_TRUE(parse(program_text, program).has_value());
  run(program, &print_and_leave, {.has_owners = true, .on_resume = on_resume});
}

TEST(owners, a_run_without_a_defect_has_no_memory_leaked) {
  run_with(nullptr);
  run_with(nullptr);
}

TEST(owners, a_stack_that_is_no_root_is_reported) {
  EXPECT_EXIT(run_with([](Handle resumed, std::span<Value>) {
                const SanitizerStack& stack = *resumed.record->sanitizer;
                __lsan_unregister_root_region(stack.bottom, stack.usable_bytes);
              }),
              testing::ExitedWithCode(3), "C7: LeakSanitizer finds memory leaked");
}

TEST(owners, an_args_buffer_beyond_the_root_is_reported) {
  EXPECT_EXIT(run_with([](Handle resumed, std::span<Value>) {
                constexpr std::uint64_t context_bytes = 64;
                const SanitizerStack& stack = *resumed.record->sanitizer;
                __lsan_unregister_root_region(stack.bottom, stack.usable_bytes);
                __lsan_register_root_region(stack.bottom, stack.usable_bytes - context_bytes);
              }),
              testing::ExitedWithCode(3), "C7: LeakSanitizer finds memory leaked");
}

#else

TEST(owners, are_looked_for_by_leak_sanitizer_alone) {
  GTEST_SKIP() << "this build has no LeakSanitizer: .ci/matrix clang-asan-O2 has it";
}

#endif

}  // namespace
}  // namespace fiberproof::fuzz
