// The engines that .ci/install-engines has installed: each class of end, by a module made by hand;
// and whether one sees that a translation is wrong.
#include "fuzz/generate/engine_profile.hpp"
#include "fuzz/wasm/translation.hpp"
#include "verify/cli/engine_list.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

namespace fiberproof::verify {
namespace {

// wat2wasm of the following, whose exports but one resume a continuation that never returns:
//
//   (module (type $f (func)) (type $k (cont $f)) … (tag $t) (tag $e)
//     (func $tr unreachable) (func $su (suspend $t)) (func $th (throw $e)) (func $nop)
//     (func $rec (call $rec) (call $rec)) (global $g (mut (ref null $k)) (ref.null $k))
//     (func (export "unreachable") (result i32)
//       (resume $k (cont.new $k (ref.func $tr))) (i32.const 1))
//     …
//     (func (export "wrong") (result i32) (i32.const 7)))
constexpr std::string_view module_in_hexadecimal =
    "0061736d01000000010c046000005d006000017f5d02031110000000000002020202020202020202"
    "020d050200000000060701630101d0010b07710b0b756e726561636861626c65000509756e68616e"
    "646c656400060a756e68616e646c656430000708636f6e73756d65640008046e756c6c0009086e75"
    "6c6c66756e63000a086f766572666c6f77000b096f766572666c6f7730000c03657863000d046578"
    "6330000e0577726f6e67000f09090103000500010203040a8c01100300000b0400e2000b04000801"
    "0b02000b0600100410040b0b00d200e001e3010041010b0b00d201e001e3010041010b0600e20041"
    "010b1400d203e00124002300e301002300e3010041010b0900d001e3010041010b0900d000e0011a"
    "41010b0b00d204e001e3010041010b0600100441010b0b00d202e001e3010041010b060008014101"
    "0b040041070b";

fuzz::wasm::Translation program(const std::string& part, fuzz::wasm::End end) {
  fuzz::wasm::Translation translation;
  fuzz::wasm::Module module{.name = "m", .bytes = {}, .text = {}};
  for (std::size_t at = 0; at < module_in_hexadecimal.size(); at += 2) {
    const std::string byte(module_in_hexadecimal.substr(at, 2));
    module.bytes.push_back(static_cast<std::uint8_t>(std::stoi(byte, nullptr, 16)));
  }
  translation.modules.push_back(std::move(module));
  translation.parts.push_back({.name = part, .end = end});
  return translation;
}

using Told = std::map<std::string, std::string>;

// The verdicts of the installed engine of that name on each export, in one batch.
class real_engine : public testing::Test {
 protected:
  using Drivers = std::vector<std::unique_ptr<fuzz::engine::Driver>>;

  /// Empty where it is not installed.
  Drivers driver_of(const std::string& name) {
    const std::string table = installed_engine_table();
    if (table.empty()) return {};
    auto engines = read_engines(table, {});
    EXPECT_TRUE(engines) << engines.error();
    std::erase_if(*engines, [&](const auto& engine) { return engine.name != name; });
    std::vector<EngineReport> reports;
    return prepare_engines(*engines, {.scratch = folder_.path()}, reports);
  }

  Told told_by(const std::string& name) {
    const Drivers drivers = driver_of(name);
    if (drivers.empty()) return {};
    using enum fuzz::wasm::End;
    const std::vector<std::pair<std::string, fuzz::wasm::End>> exports{
        {"unreachable", unreachable},
        {"unhandled", unhandled_tag},
        {"unhandled0", unhandled_tag},
        {"consumed", consumed_handle},
        {"null", null_handle},
        {"nullfunc", null_function},
        {"overflow", stack_overflow},
        {"overflow0", stack_overflow},
        {"exc", uncaught_exception},
        {"exc0", uncaught_exception},
        {"wrong", returns}};
    std::vector<fuzz::wasm::Translation> programs;
    for (const auto& [part, end] : exports) programs.push_back(program(part, end));
    std::vector<const fuzz::wasm::Translation*> all;
    for (const auto& one : programs) all.push_back(&one);
    const auto verdicts = drivers.front()->judge(all);
    Told told;
    for (std::size_t index = 0; index < exports.size(); ++index) {
      told[exports[index].first] = describe(verdicts[index]);
    }
    return told;
  }

  ScratchFolder folder_;
};

// A right engine, which disagrees only about the part that is wrong on purpose.
Told all_right() {
  Told told{{"wrong", "expected 0, got returned 7 (call 1)"}};
  for (const char* const name : {"unreachable", "unhandled", "unhandled0", "consumed", "null",
                                 "nullfunc", "overflow", "overflow0", "exc", "exc0"}) {
    told[name] = "agrees";
  }
  return told;
}

TEST_F(real_engine, wasmtime_49_ends_each_call_as_it_must) {
  const Told told = told_by("wasmtime-49");
  if (told.empty()) GTEST_SKIP() << "left out: wasmtime-49 is not installed";
  EXPECT_EQ(told, all_right());
}

TEST_F(real_engine, v8_ends_each_call_as_it_must) {
  const Told told = told_by("v8-15");
  if (told.empty()) GTEST_SKIP() << "left out: v8-15 is not installed";
  EXPECT_EQ(told, all_right());
}

TEST_F(real_engine, wasmtime_44_loses_what_ends_a_continuation) {
  const Told told = told_by("wasmtime-44");
  if (told.empty()) GTEST_SKIP() << "left out: wasmtime-44 is not installed";
  Told known = all_right();
  known["unreachable"] = "expected unreachable, got returned 1 (call 1)";
  known["unhandled"] = "expected unhandled tag, got returned 1 (call 1)";
  known["overflow"] = "expected stack overflow, got returned 1 (call 1)";
  known["exc"] = "expected exception, got returned 1 (call 1)";
  known["consumed"] = "expected consumed handle, got crash: SIGSEGV (call 1)";
  EXPECT_EQ(told, known);
}

/// Counts disagreements of the engine on 100 programs that are translated wrongly.
std::size_t disagreements(fuzz::engine::Driver& driver, fuzz::wasm::Mistranslation mistranslation,
                          std::uint64_t first_seed) {
  std::vector<fuzz::wasm::Translation> programs;
  for (std::uint64_t seed = first_seed; seed < first_seed + 100; ++seed) {
    fuzz::Random random(seed);
    fuzz::Program program;
    fuzz::generate_for_engines(random, program);
    programs.push_back(
        fuzz::wasm::translate(program, {.has_host = true, .mistranslation = mistranslation}));
  }
  std::vector<const fuzz::wasm::Translation*> all;
  for (const auto& one : programs) all.push_back(&one);
  const auto verdicts = driver.judge(all);
  return static_cast<std::size_t>(std::ranges::count_if(verdicts, [](const auto& verdict) {
    return verdict.kind != fuzz::engine::Verdict::Kind::agrees;
  }));
}

TEST_F(real_engine, v8_sees_each_wrong_translation) {
  const Drivers drivers = driver_of("v8-15");
  if (drivers.empty()) GTEST_SKIP() << "left out: v8-15 is not installed";
  EXPECT_EQ(disagreements(*drivers.front(), fuzz::wasm::Mistranslation::none, 0), 0u);
  for (std::size_t number = 1; number < fuzz::wasm::mistranslations; ++number) {
    std::size_t seen = 0;
    // A forgotten call shows in few programs: a thousand are enough for every mistranslation.
    for (std::uint64_t seed = 0; seed < 1000 && seen == 0; seed += 100) {
      seen = disagreements(*drivers.front(), static_cast<fuzz::wasm::Mistranslation>(number), seed);
    }
    EXPECT_GE(seen, 1u) << "mistranslation " << number;
  }
}

/// The claim of a program of the corpus: "# shown by ENGINE VERSION: SIGNATURE".
struct Shown {
  std::string file;
  std::string engine;
  std::string signature;
  fuzz::Program program;
};

std::vector<std::unique_ptr<Shown>> programs_that_show() {
  std::vector<std::unique_ptr<Shown>> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(FIBERPROOF_SOURCE) + "/corpus/engines")) {
    if (entry.path().extension() != ".program") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto shown = std::make_unique<Shown>();
    shown->file = entry.path().filename();
    EXPECT_TRUE(fuzz::parse(text, shown->program)) << shown->file;
    constexpr std::string_view mark = "# shown by ";
    const std::size_t at = text.find(mark);
    EXPECT_NE(at, text.npos) << shown->file;
    if (at == text.npos) continue;
    const std::string line = text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
    shown->engine = line.substr(0, line.find(' '));
    shown->signature = line.substr(line.find(": ") + 2);
    all.push_back(std::move(shown));
  }
  return all;
}

TEST_F(real_engine, shows_what_the_programs_of_the_corpus_say) {
  const auto all = programs_that_show();
  EXPECT_GE(all.size(), 20u);
  std::map<std::string, Drivers> drivers;
  for (const auto& shown : all) {
    if (!drivers.contains(shown->engine)) drivers[shown->engine] = driver_of(shown->engine);
    if (drivers[shown->engine].empty()) {
      GTEST_SKIP() << "left out: " << shown->engine << " is not installed";
    }
    fuzz::engine::Driver& driver = *drivers[shown->engine].front();
    const auto translation =
        fuzz::wasm::translate(shown->program, options_for(driver.engine().protocol));
    EXPECT_EQ(fuzz::engine::signature(driver.judge_alone(translation)), shown->signature)
        << shown->file;
  }
}

}  // namespace
}  // namespace fiberproof::verify
