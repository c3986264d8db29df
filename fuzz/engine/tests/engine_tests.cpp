// The table of engines and --engine.
#include "fuzz/engine/engine.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz::engine {
namespace {

using Words = std::vector<std::string>;

TEST(engine_table, reads_engines_and_skips_comments) {
  const auto engines = parse_engine_table(
      "# engines\n\nw-49 49.0.4 wast w/wasmtime wast -C cache=n\nv8 auto js \"/a b/deno\" run x\n",
      "e/engines.txt");
  ASSERT_TRUE(engines) << engines.error();
  ASSERT_EQ(engines->size(), 2U);
  EXPECT_EQ((*engines)[0].name, "w-49");
  EXPECT_EQ((*engines)[0].version, "49.0.4");
  EXPECT_EQ((*engines)[0].command, (Words{"e/w/wasmtime", "wast", "-C", "cache=n"}));
  EXPECT_EQ((*engines)[1].version, "");
  EXPECT_EQ((*engines)[1].protocol, Protocol::javascript);
  EXPECT_EQ((*engines)[1].command, (Words{"/a b/deno", "run", "x"}));
}

TEST(engine_table, names_the_file_and_the_line_of_an_error) {
  const auto error = [](std::string_view text) {
    const auto engines = parse_engine_table(text, "t");
    return engines ? std::string("none") : engines.error();
  };
  EXPECT_EQ(error("\na b js\n"),
            "t:2: an engine is NAME VERSION PROTOCOL COMMAND…, with VERSION auto to ask");
  EXPECT_EQ(error("a auto c d"), "t:1: 'c' is no protocol: write wast or js");
  EXPECT_EQ(error("a/b auto js d"),
            "t:1: 'a/b' is no name of an engine: use letters, digits, '.', '-' and '_'");
  EXPECT_EQ(error("a auto js d\na auto js e\n"),
            "t:2: there are two engines 'a': give one another name");
  EXPECT_EQ(error("a auto js \"d"), "t:1: a quotation does not end on its line");
}

TEST(engine_table, gives_a_program_alone_the_arguments_that_it_needs) {
  const auto engines =
      parse_engine_table("a auto wast wasmtime\nb auto js deno\nc auto wast x\n", "t");
  ASSERT_TRUE(engines);
  EXPECT_EQ((*engines)[0].command,
            (Words{"wasmtime", "wast", "-C", "cache=n", "-W",
                   "stack-switching=y,function-references=y,gc=y,exceptions=y"}));
  EXPECT_EQ((*engines)[1].command[1], "run");
  EXPECT_EQ((*engines)[2].command, (Words{"x"}));
}

TEST(engine_option, guesses_the_protocol_or_is_told_it) {
  const auto protocol = [](const std::string& text) {
    const auto engine = parse_engine_option(text);
    return engine ? engine->protocol : throw std::runtime_error(engine.error());
  };
  EXPECT_EQ(protocol("mine=target/release/wasmtime"), Protocol::wast);
  EXPECT_EQ(protocol("mine=node --flag"), Protocol::javascript);
  EXPECT_EQ(protocol("mine:wast=interpreter"), Protocol::wast);
  EXPECT_EQ(protocol("mine:js=wasmtime-js"), Protocol::javascript);
}

TEST(engine_option, says_what_is_wrong) {
  EXPECT_EQ(parse_engine_option("wasmtime").error(),
            "--engine wasmtime: write NAME=COMMAND…, such as mine=target/release/wasmtime");
  EXPECT_EQ(parse_engine_option("a=").error(), "--engine a=: there is no command behind '='");
  EXPECT_EQ(parse_engine_option("a:b=c").error(),
            "--engine a:b=c: behind ':' stands a protocol: wast or js");
}

TEST(engine_command, has_the_files_last_or_in_their_places) {
  Engine engine{.name = "a", .version = {}, .protocol = Protocol::javascript, .command = {"x"}};
  EXPECT_EQ(batch_command(engine, "L", "B"), (Words{"x", "L", "B"}));
  engine.command = {"x", "{loop}", "--", "{batch}"};
  EXPECT_EQ(batch_command(engine, "L", "B"), (Words{"x", "L", "--", "B"}));
  engine.protocol = Protocol::wast;
  engine.command = {"x"};
  EXPECT_EQ(batch_command(engine, "L", "B"), (Words{"x", "B"}));
}

TEST(engine_version, is_that_of_v8_where_there_is_one) {
  const auto version = [](const Words& lines) { return version_in(lines); };
  EXPECT_EQ(version({"wasmtime 44.0.0 (af382d7d9 2026-04-20)"}), "44.0.0");
  EXPECT_EQ(version({"deno 2.9.8 (stable)", "v8 15.0.245.2-rusty", "typescript 6.0.3"}),
            "15.0.245.2");
  EXPECT_EQ(version({"v26.10.0"}), "26.10.0");
  EXPECT_EQ(version({"no number"}), "");
}

}  // namespace
}  // namespace fiberproof::fuzz::engine
