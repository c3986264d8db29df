// Both protocols on outputs that were recorded: Wasmtime 44.0.0 and 49.0.4, and V8 15.0 in Deno.
#include "fuzz/engine/batch.hpp"
#include "fuzz/engine/tests/paper_engine.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz::engine {
namespace {

using Lines = std::vector<std::string>;

// Two programs: the first returns, the second must end so.
struct Two {
  explicit Two(wasm::End end) : first(named_program("a")), second(named_program("b", end)) {}
  wasm::Translation first;
  wasm::Translation second;
  std::vector<const wasm::Translation*> both{&first, &second};
};

Verdict second_of_wast(wasm::End end, Lines failure, bool is_in_call = true) {
  const Two two(end);
  Lines lines{"0: i32", "0: i64", "1: i32"};
  if (is_in_call) lines.emplace_back("0: i64");
  lines.insert(lines.end(), failure.begin(), failure.end());
  const BatchOutput output = read_wast_output(two.both, lines);
  EXPECT_EQ(output.verdicts[0]->kind, Verdict::Kind::agrees);
  EXPECT_FALSE(output.is_complete);
  return output.verdicts[1].value();
}

TEST(wast_output, is_complete_at_the_last_mark) {
  const Two two(wasm::End::returns);
  const Lines lines{"0: i32", "0: i64", "1: i32", "0: i64", "2: i32"};
  const BatchOutput output = read_wast_output(two.both, lines);
  EXPECT_TRUE(output.is_complete);
  EXPECT_EQ(output.verdicts[1]->kind, Verdict::Kind::agrees);
}

TEST(wast_output, names_the_program_and_the_call_of_a_crash) {
  const Two two(wasm::End::consumed_handle);
  const BatchOutput output =
      read_wast_output(two.both, Lines{"0: i32", "0: i64", "1: i32", "0: i64"});
  EXPECT_EQ(output.begun, 1U);
  EXPECT_EQ(output.calling, 0U);
  EXPECT_FALSE(output.verdicts[1]);
}

TEST(wast_output, shows_a_trap_that_was_swallowed) {
  const Verdict verdict =
      second_of_wast(wasm::End::unreachable, {"Error: failed to run script file 'x.wast'", "",
                                              "Caused by:", "    0: failed directive on x.wast:19",
                                              "    1: expected trap, got Core([I32(1)])"});
  EXPECT_EQ(signature(verdict), "expected unreachable, got a return");
  EXPECT_EQ(describe(verdict), "expected unreachable, got returned 1 (call 1)");
}

TEST(wast_output, shows_an_exception_that_was_lost) {
  const Verdict verdict = second_of_wast(
      wasm::End::uncaught_exception,
      {"    0: failed directive on x.wast:19", "    1: expected exception, got Core([I32(7)])"});
  EXPECT_EQ(describe(verdict), "expected exception, got returned 7 (call 1)");
}

TEST(wast_output, shows_another_number) {
  const Verdict verdict =
      second_of_wast(wasm::End::returns,
                     {"    0: failed directive on x.wast:19", "    1: result 0 didn't match",
                      "    2: expected                  0 / 0x0000000000000000",
                      "actual                    7 / 0x0000000000000007", "", "Stack backtrace:"});
  EXPECT_EQ(signature(verdict), "expected 0, got another number");
  EXPECT_EQ(verdict.number, 7);
}

TEST(wast_output, shows_a_trap_of_another_class) {
  const Verdict verdict = second_of_wast(
      wasm::End::consumed_handle,
      {"    0: failed directive on x.wast:19",
       "    1: expected 'wasm trap: continuation already consumed', got 'error while executing at "
       "wasm backtrace:",
       "    0:    0x10b - m!<wasm function 9>",
       "note: using the `WASMTIME_BACKTRACE_DETAILS=1` environment variable may show more", "",
       "Caused by:", "    wasm trap: null reference", "", "Stack backtrace:", "   0: unreachable"});
  EXPECT_EQ(signature(verdict), "expected consumed handle, got null reference");
}

TEST(wast_output, shows_a_trap_that_stands_for_no_class) {
  const Verdict verdict = second_of_wast(
      wasm::End::consumed_handle,
      {"    0: failed directive on x.wast:9",
       "    1: expected 'wasm trap: continuation already consumed', got 'error while executing at "
       "wasm backtrace:",
       "    0:    0x983 - <unknown>!<wasm function 7>", "",
       "Caused by:", "    wasm trap: cast failure", "'", ""});
  EXPECT_EQ(signature(verdict), "expected consumed handle, got trap: wasm trap: cast failure");
}

TEST(wast_output, shows_an_exception_in_place_of_a_result) {
  const Verdict verdict =
      second_of_wast(wasm::End::returns,
                     {"    0: failed directive on x.wast:19",
                      "    1: error while executing at wasm backtrace:", "    0:     0xc6 - th",
                      "                    at ./x.wast:3:60", "    2: thrown Wasm exception"});
  EXPECT_EQ(signature(verdict), "expected 0, got exception");
}

TEST(wast_output, shows_a_module_that_is_refused) {
  const Verdict verdict = second_of_wast(wasm::End::returns,
                                         {"Error: failed to run script file 'bad.wast'", "",
                                          "Caused by:", "    0: failed directive on bad.wast:1",
                                          "    1: failed to parse WebAssembly module",
                                          "    2: unexpected end-of-file (at offset 0x9)"},
                                         false);
  EXPECT_EQ(signature(verdict),
            "refused: failed to parse WebAssembly module: unexpected end-of-file (at offset N)");
}

TEST(wast_script, asserts_what_each_part_must_end_in) {
  wasm::Translation program = named_program("b", wasm::End::stack_overflow);
  program.modules.insert(program.modules.begin(),
                         {.name = "first one", .bytes = {0xff}, .text = {}});
  program.parts.push_back({.name = "after", .end = wasm::End::uncaught_exception});
  const wasm::Translation* const one = &program;
  const std::string text = wast_script({&one, 1});
  for (const std::string line :
       {"(module $p0m0 binary \"\\ff\")\n(register \"first\\20one\" $p0m0)\n",
        "(module $p0m1 binary \"\\00\\01\\02\")\n",
        "(assert_trap (invoke $p0m1 \"main\") \"wasm trap: call stack exhausted\")\n",
        "(invoke $says \"call\" (i64.const 1))\n(assert_exception (invoke $p0m1 \"after\"))\n",
        "(invoke $says \"begin\" (i32.const 1))\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << text;
  }
}

Verdict second_of_javascript(wasm::End end, const std::string& came) {
  const Two two(end);
  const BatchOutput output = read_javascript_output(
      two.both, Lines{"@begin 0", "@call 0 0", "@came 0 0 returned 0", "@done 0", "@begin 1",
                      "@call 1 0", "@came 1 0 " + came, "@done 1", "@complete"});
  EXPECT_TRUE(output.is_complete);
  return output.verdicts[1].value();
}

TEST(javascript_output, has_the_classes_of_v8) {
  using enum wasm::End;
  const std::vector<std::pair<wasm::End, std::string>> messages{
      {unreachable, "threw RuntimeError: unreachable"},
      {unhandled_tag, "threw RuntimeError: WasmFX: unhandled suspend"},
      {consumed_handle, "threw RuntimeError: WasmFX: resuming an invalid continuation"},
      {null_handle, "threw RuntimeError: dereferencing a null pointer"},
      {null_function, "threw RuntimeError: dereferencing a null pointer"},
      {stack_overflow, "threw RangeError: Maximum call stack size exceeded"},
      {uncaught_exception, "threw exception"},
      {returns, "returned 0"}};
  for (const auto& [end, message] : messages) {
    EXPECT_EQ(describe(second_of_javascript(end, message)), "agrees") << message;
  }
  for (const auto& [end, message] : messages) {
    const wasm::End other = end == unreachable ? stack_overflow : unreachable;
    EXPECT_EQ(second_of_javascript(other, message).kind, Verdict::Kind::wrong) << message;
  }
}

TEST(javascript_output, shows_a_result_that_is_not_0_and_a_trap_that_is_unknown) {
  EXPECT_EQ(describe(second_of_javascript(wasm::End::returns, "returned -3")),
            "expected 0, got returned -3 (call 1)");
  EXPECT_EQ(second_of_javascript(wasm::End::returns, "returned 0.5").kind, Verdict::Kind::wrong);
  EXPECT_EQ(signature(second_of_javascript(wasm::End::returns, "threw TypeError: x 12 is not 3")),
            "expected 0, got trap: TypeError: x N is not N");
}

TEST(javascript_output, keeps_the_first_part_that_is_wrong) {
  wasm::Translation program = named_program("a");
  program.parts.push_back({.name = "after", .end = wasm::End::unreachable});
  const wasm::Translation* const one = &program;
  const BatchOutput output = read_javascript_output(
      {&one, 1}, Lines{"@begin 0", "@call 0 0", "@came 0 0 returned 4", "@call 0 1",
                       "@came 0 1 returned 5", "@done 0", "@complete"});
  EXPECT_EQ(output.verdicts[0]->number, 4);
}

TEST(javascript_output, takes_nothing_of_lines_that_are_no_lines_of_the_loop) {
  const Two two(wasm::End::returns);
  const BatchOutput output = read_javascript_output(
      two.both, Lines{"@begin 7", "@done x", "@done", "@came 0 9 returned 0", "", "@begin 1",
                      "@call 1 4", "# Fatal error in , line 0"});
  EXPECT_EQ(output.begun, 1U);
  EXPECT_FALSE(output.calling);
  EXPECT_FALSE(output.verdicts[0] || output.verdicts[1] || output.is_complete);
}

// An engine that prints other things between, or answers without having run, does not agree.
TEST(javascript_output, what_lacks_the_end_of_a_call_is_no_agreement) {
  const Two two(wasm::End::returns);
  const std::vector<Lines> garbled = {
      {"@begin 0", "@call 0 0", "warning: slow@came 0 0 returned 0", "@done 0"},
      {"@begin 0", "@done 0"},
      {"@done 0"},
      {"@begin 1", "@came 0 0 returned 0", "@done 0"}};
  for (const Lines& lines : garbled) {
    const BatchOutput output = read_javascript_output(two.both, lines);
    ASSERT_TRUE(output.verdicts[0]) << lines.front();
    EXPECT_EQ(output.verdicts[0]->kind, Verdict::Kind::crash) << lines.front();
  }
}

TEST(wast_output, what_lacks_a_call_is_no_agreement) {
  const Two two(wasm::End::returns);
  const BatchOutput output =
      read_wast_output(two.both, Lines{"0: i32", "1: i32", "0: i64", "2: i32"});
  EXPECT_EQ(output.verdicts[0]->kind, Verdict::Kind::crash);
  EXPECT_EQ(output.verdicts[1]->kind, Verdict::Kind::agrees);
}

TEST(javascript_output, says_how_often_the_collector_ran) {
  const Two two(wasm::End::returns);
  const BatchOutput output = read_javascript_output(
      two.both, Lines{"@begin 0", "@call 0 0", "@came 0 0 returned 0", "@done 0 3", "@begin 1",
                      "@call 1 0", "@came 1 0 returned 0", "@done 1", "@complete"});
  EXPECT_EQ(output.verdicts[0]->collections, 3u);
  EXPECT_EQ(output.verdicts[1]->collections, 0u) << "the host does not say it";
}

TEST(javascript_batch, is_a_line_of_json_for_each_program) {
  const Two two(wasm::End::returns);
  EXPECT_EQ(javascript_batch(two.both),
            "{\"shared\":[]}\n"
            "{\"modules\":[{\"name\":\"a\",\"hex\":\"000102\"}],\"parts\":[\"main\"]}\n"
            "{\"modules\":[{\"name\":\"b\",\"hex\":\"000102\"}],\"parts\":[\"main\"]}\n");
}

TEST(batch, has_what_programs_share_once_and_before_them) {
  const wasm::Module shared{.name = "lib", .bytes = {0xff}, .text = {}, .is_shared = true};
  wasm::Translation first = named_program("a");
  wasm::Translation second = named_program("b");
  first.modules.insert(first.modules.begin(), shared);
  second.modules.insert(second.modules.begin(), shared);
  const std::vector<const wasm::Translation*> both = {&first, &second};
  EXPECT_EQ(javascript_batch(both),
            "{\"shared\":[{\"name\":\"lib\",\"hex\":\"ff\"}]}\n"
            "{\"modules\":[{\"name\":\"a\",\"hex\":\"000102\"}],\"parts\":[\"main\"]}\n"
            "{\"modules\":[{\"name\":\"b\",\"hex\":\"000102\"}],\"parts\":[\"main\"]}\n");
  const std::string script = wast_script(both);
  const std::size_t at = script.find("(module $lib binary \"\\ff\")\n(register \"lib\" $lib)\n");
  ASSERT_NE(at, script.npos) << script;
  EXPECT_LT(at, script.find("(invoke $says \"begin\" (i32.const 0))"));
  EXPECT_EQ(script.find("$lib binary", at + 20), script.npos) << script;
}

}  // namespace
}  // namespace fiberproof::fuzz::engine
