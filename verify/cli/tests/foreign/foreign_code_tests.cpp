// Code from another build: proofs, refutations, the list of what was left out, and one clear line
// for each unusable file or name.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/object/object_archive.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace fiberproof::verify {
namespace {

std::string file(std::string_view name) {
  return fmt::format("{}/{}", FOREIGN_FILES, name);
}

Outcome prove(const std::string& object, std::vector<std::string> options) {
  options.insert(options.begin(), {FIBERPROOF_COMMAND, "prove", "--object", object});
  return outcome_of(options);
}

constexpr std::size_t theorems_of_a_start = 21;
constexpr std::size_t theorems_of_a_switch = 14;

void expect_start_proved(const std::string& object, const std::string& symbol,
                         const std::vector<std::string>& more = {}) {
  std::vector<std::string> options{"--symbol", "start=" + symbol};
  options.insert(options.end(), more.begin(), more.end());
  const Outcome outcome = prove(object, options);
  EXPECT_EQ(outcome.exit_code, 0) << object << " " << symbol;
  EXPECT_EQ(outcome.count("proved   continuation_start/"), theorems_of_a_start)
      << object << " " << symbol;
}

void expect_one_line(const Outcome& outcome, const std::string& path, const std::string& reason) {
  EXPECT_EQ(outcome.exit_code, 2) << reason;
  EXPECT_EQ(outcome.count("fiberproof: "), 1u) << reason;
  EXPECT_TRUE(outcome.says("fiberproof: " + path)) << testing::PrintToString(outcome.lines);
  EXPECT_TRUE(outcome.says(reason)) << testing::PrintToString(outcome.lines);
}

std::string hexadecimal(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

TEST(foreign_code, an_assembled_trampoline_and_switch_are_proved) {
  const Outcome outcome = prove(
      file("trap_att.o"), {"--symbol", "start=engine_start", "--symbol", "switch=engine_switch"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.count("proved   continuation_start/"), theorems_of_a_start);
  EXPECT_EQ(outcome.count("proved   switch_site/"), theorems_of_a_switch);
  EXPECT_EQ(outcome.count("proved   stack_switch/"), 0u) << "a promise of our own switch alone";
  EXPECT_TRUE(outcome.says("calls    fiberproof_fiber_start is engine_fiber_start"));
  EXPECT_TRUE(
      outcome.says("proved 21 of 21 theorems of continuation_start (S4 T2 T3 T4 T5 T6): "
                   "start=engine_start, trampoline trap"));
  EXPECT_TRUE(
      outcome.says("proved 14 of 14 theorems of switch_site (S1 S2 S3 S4): switch=engine_switch"));
  EXPECT_TRUE(outcome.says("not looked at: initialize, since no --symbol ROLE=NAME says"));
  EXPECT_EQ(outcome.count("summary  not looked at"), 1u) << "only what the user could give";
}

TEST(foreign_code, a_mangled_naked_function_is_proved) {
  expect_start_proved(file("naked.o"), "_ZN6engine5startEv");
}

TEST(foreign_code, the_callee_can_be_named) {
  expect_start_proved(file("trap_att.o"), "engine_start",
                      {"--symbol", "fiber_start=engine_fiber_start"});
  // A call of another function does not show that it calls this one.
  const Outcome other = prove(file("engine_pie"), {"--symbol", "start=engine_start", "--symbol",
                                                   "fiber_start=engine_fiber_start_v44"});
  EXPECT_NE(other.exit_code, 0);
}

TEST(foreign_code, the_v44_trampoline_is_refuted_only_where_it_is_wrong) {
  const Outcome outcome =
      prove(file("libengine.so"), {"--trampoline", "v44", "--symbol", "start=engine_start_v44:34"});
  EXPECT_EQ(outcome.exit_code, 0);  // as proofs.txt expects
  EXPECT_EQ(outcome.count("proved   continuation_start_v44/"), 20u);
  EXPECT_EQ(outcome.count("refuted  continuation_start_v44/T5.payload_0_means_success"), 1u);
  EXPECT_TRUE(outcome.says("calls    fiberproof_fiber_start_v44 is engine_fiber_start_v44"));
  EXPECT_TRUE(outcome.says("(expected: v44 reports a trapped start as a return"));
  EXPECT_TRUE(outcome.says("not looked at: initialize, switch, since"));
  EXPECT_TRUE(outcome.says("refuted 1 of 21 theorems of continuation_start_v44 (T5), as expected"));
}

TEST(foreign_code, swapped_pops_are_refuted) {
  const Outcome outcome = prove(file("swapped_pops.o"), {"--symbol", "start=engine_start"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count("refuted  continuation_start/T2.return_value_count"), 1u);
  EXPECT_EQ(outcome.count("refuted  continuation_start/T2.args"), 1u);
  EXPECT_EQ(outcome.count("refuted  "), 2u);
  EXPECT_EQ(outcome.count("fiberproof: continuation_start/T2."), 2u) << "again at the end";
  EXPECT_TRUE(outcome.lines.front().starts_with("refuted  ")) << outcome.lines.front();
}

TEST(foreign_code, a_payload_of_another_trampoline_is_refuted) {
  const Outcome outcome =
      prove(file("trap_att.o"), {"--revision", "v44", "--symbol", "start=engine_start"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count("refuted  continuation_start_v44/T5.payload "), 1u);
}

TEST(foreign_code, linked_files_are_proved_by_name_and_by_address) {
  for (const char* const name : {"engine_pie", "engine_static"}) {
    expect_start_proved(file(name), "engine_start");
    const auto linked = ObjectFile::open(file(name));
    ASSERT_TRUE(linked) << message(linked.error());
    const auto routine = linked->routine("engine_start");
    ASSERT_TRUE(routine) << message(routine.error());
    const std::string place = fmt::format("{:#x}:{}", routine->address, routine->bytes.size());
    const std::string callee = hexadecimal(*linked->callee("engine_fiber_start"));
    const std::string stripped = file(std::string(name) + "_stripped");
    expect_start_proved(stripped, place);
    expect_start_proved(stripped, place, {"--symbol", "fiber_start=" + callee});
    expect_one_line(prove(stripped, {"--symbol", "start=engine_start"}), stripped,
                    "no such symbol");
    expect_one_line(prove(stripped, {"--symbol", "start=" + hexadecimal(routine->address)}),
                    stripped, "an address needs ':'");
  }
  expect_start_proved(file("libengine.so"), "engine_start");
}

TEST(foreign_code, a_switch_may_be_a_given_part_of_a_function) {
  const Outcome outcome = prove(file("trap_att.o"), {"--symbol", "switch=engine_switch+0:37"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.count("proved   switch_site/"), theorems_of_a_switch);
  // Without its first instruction, which computes the resume address of this stack.
  EXPECT_EQ(prove(file("trap_att.o"), {"--symbol", "switch=engine_switch+7:30"}).exit_code, 1);
}

TEST(foreign_code, a_member_of_an_archive_is_chosen_by_its_symbol) {
  expect_start_proved(file("libengine.a"), "engine_start");
  expect_start_proved(file("libengine.a"), "_ZN6engine5startEv");
  expect_one_line(prove(file("libengine.a"), {"--symbol", "start=no_such_start"}),
                  file("libengine.a"),
                  "none of its 3 members defines it: did you mean engine::start()?");
  expect_one_line(prove(file("libengine.a"), {"--symbol", "start=0x1234:44"}), file("libengine.a"),
                  "an archive has no addresses");
  expect_one_line(prove(file("libengine.a"), {"--symbol", "start=engine_start_v44"}),
                  file("libengine.a(v44_intel.o)"),
                  "not a function with a size: type engine_start_v44:BYTES");
  expect_one_line(prove(file("libtwice.a"), {"--symbol", "start=engine_start"}), file("libtwice.a"),
                  "both define it");
  expect_start_proved(file("libthin.a"), "engine_start");
}

TEST(foreign_code, a_member_in_a_compilers_own_form_is_named) {
  expect_one_line(prove(file("libbitcode.a"), {"--symbol", "start=_ZN6engine5startEv"}),
                  file("libbitcode.a"), "bitcode.o: ");
  expect_one_line(prove(file("libbitcode.a"), {"--symbol", "start=_ZN6engine5startEv"}),
                  file("libbitcode.a"), "of its 2 members");
  expect_one_line(prove(file("bitcode.o"), {"--symbol", "start=_ZN6engine5startEv"}),
                  file("bitcode.o"), "link it first, or compile with -ffat-lto-objects");
  expect_start_proved(file("libbitcode.a"), "engine_start");
}

TEST(foreign_code, a_function_behind_65_000_sections_is_proved) {
  expect_start_proved(file("many_sections.o"), "engine_start");
  expect_start_proved(file("many_sections.o"), "engine_start",
                      {"--symbol", "fiber_start=engine_fiber_start"});
}

TEST(foreign_code, names_with_colons_and_pluses_are_found_whole) {
  expect_start_proved(file("names.o"), "wasm[0]::function[3]");
  expect_start_proved(file("names.o"), "wasm[0]::function[3]:55");
  expect_start_proved(file("names.o"), "engine::wake");
  expect_start_proved(file("names.o"), "engine::operator+");
  expect_start_proved(file("names.o"), "engine::operator+(int, int)");
  expect_start_proved(file("libengine.a"), "engine::start");
  expect_one_line(prove(file("names.o"), {"--symbol", "start=start:12"}), file("names.o"),
                  "both start:12 and start are symbols");
  expect_one_line(prove(file("names.o"), {"--symbol", "start=chosen"}), file("names.o"),
                  "an indirect function (STT_GNU_IFUNC)");
  expect_one_line(prove(file("trap_att.o"), {"--symbol", "start=engine_strat"}), file("trap_att.o"),
                  "no such symbol: did you mean engine_start");
}

TEST(foreign_code, an_unknown_role_is_reported_before_any_proof) {
  const std::string object = file("trap_att.o");
  expect_one_line(prove(object, {"--symbol", "entry=engine_start"}), "--symbol entry=engine_start",
                  "roles are start, fiber_start, fiber_exit, switch, initialize, check_failed");
  expect_one_line(prove(object, {"--symbol", "strat=engine_start"}), "--symbol strat=engine_start",
                  "did you mean start?");
  expect_one_line(
      prove(object, {"--symbol", "start=engine_start", "--symbol", "swich=engine_switch"}),
      "--symbol swich=engine_switch", "did you mean switch?");
  // A place for a role that no selected contract needs is checked, too.
  expect_one_line(prove(object, {"continuation_start/", "--symbol", "start=engine_start",
                                 "--symbol", "switch=no_such_switch"}),
                  object, "no such symbol");
}

TEST(foreign_code, without_a_role_the_switches_are_found_or_the_functions_listed) {
  const Outcome outcome = prove(file("trap_att.o"), {});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("the first at engine_switch")) << outcome.text();
  EXPECT_TRUE(outcome.says("next: code like an entry trampoline is there, too")) << outcome.text();
  expect_one_line(prove(file("swapped_pops.o"), {}), file("swapped_pops.o"),
                  "prove it with --symbol start=engine_start");
  expect_one_line(prove(file("callees.o"), {}), file("callees.o"),
                  "say which of its functions plays a role, as in --symbol start=");
}

TEST(foreign_code, a_debug_file_is_distinguished_from_its_program) {
  expect_one_line(prove(file("engine_pie.debug"), {"--symbol", "start=engine_start"}),
                  file("engine_pie.debug"), "a debug file: its code is elsewhere");
  expect_one_line(prove(file("engine_pie_linked"), {"--symbol", "start=engine_start"}),
                  file("engine_pie_linked"), "which engine_pie.debug knows");
}

// The command finds its own routines in loaded tables, which strip leaves.
TEST(foreign_code, a_stripped_command_proves_itself) {
  const auto on = [](const std::string& command) {
    const Outcome outcome = outcome_of({command, "prove", "continuation_start/", "stack_switch/",
                                        "initialize/", "fiber_start/", "unwind_rules/"});
    EXPECT_EQ(outcome.exit_code, 0) << command;
    std::vector<std::string> lines;
    for (const std::string& line : outcome.lines) {
      // A hash includes the names of variables, which are gone.
      if (line.starts_with("on ")) lines.push_back(line.substr(0, line.find(", hash")));
    }
    return lines;
  };
  const auto lines = on(file("fiberproof_stripped"));
  EXPECT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines, on(FIBERPROOF_COMMAND));
}

TEST(foreign_code, an_unusable_file_is_one_clear_line) {
  const std::string refused = file("refused.o");
  const auto start = [&refused](const std::string& symbol) {
    return prove(refused, {"--symbol", "start=" + symbol});
  };
  expect_one_line(start("uses_vectors"), refused, "movaps");
  expect_one_line(start("reads_thread_local"), refused, "a relocation of type 22");
  expect_one_line(start("calls_two"), refused, "calls 2 functions directly");
  EXPECT_EQ(start("relocated_opcode").exit_code, 2);
  expect_one_line(start("no_such_symbol"), refused, "no such symbol (symbol no_such_symbol)");
  expect_one_line(start("calls_tow"), refused, "did you mean calls_two");
  expect_one_line(start("0x10:4"), refused, "a relocatable file has no addresses");
  expect_one_line(prove(refused, {"--symbol", "check_failed=uses_vectors"}), refused,
                  "no contract can be proved of the given symbols");
  expect_one_line(prove(refused, {"--symbol", "start="}), "--symbol start=", "ROLE=NAME");
  expect_one_line(prove(refused, {"--symbol", "start=a:0"}), refused, "no number of bytes");
  expect_one_line(prove(refused, {"--symbol", "start=0xg:1"}), "--symbol start=0xg:1", "address");
  expect_one_line(prove(refused, {"--symbol", "start=a+1"}), refused, "needs ':' and its bytes");
  expect_one_line(prove(refused, {"--trampoline", "trap"}), "--trampoline", "--symbol");
  expect_one_line(prove(file("thirty_two.o"), {"--symbol", "start=a"}), file("thirty_two.o"),
                  "not a 64-bit");
}

class foreign_bytes : public testing::Test {
 protected:
  foreign_bytes() : path_(std::filesystem::path(testing::TempDir()) / "fiberproof-foreign.bin") {}
  ~foreign_bytes() override { std::filesystem::remove(path_); }

  static std::string contents(std::string_view name) {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void expect_refused(const std::string& bytes, const std::string& reason) {
    std::ofstream(path_, std::ios::binary) << bytes;
    expect_one_line(prove(path_, {"--symbol", "start=engine_start"}), path_.string(), reason);
  }

  std::filesystem::path path_;
};

// As sstrip leaves it: only what the loader needs.
TEST_F(foreign_bytes, a_program_without_a_table_of_sections_is_proved_by_address) {
  const auto linked = ObjectFile::open(file("engine_pie"));
  ASSERT_TRUE(linked) << message(linked.error());
  const auto routine = linked->routine("engine_start");
  ASSERT_TRUE(routine) << message(routine.error());
  std::string bytes = contents("engine_pie_stripped");
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.resize(header.e_shoff);
  header.e_shoff = header.e_shnum = header.e_shstrndx = 0;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ofstream(path_, std::ios::binary) << bytes;
  const std::string place = fmt::format("{:#x}:{}", routine->address, routine->bytes.size());
  expect_start_proved(path_, place);
  expect_start_proved(
      path_, place,
      {"--symbol", "fiber_start=" + hexadecimal(*linked->callee("engine_fiber_start"))});
  expect_one_line(prove(path_, {"--symbol", "start=engine_start"}), path_.string(),
                  "the file is stripped; type 0xADDRESS:BYTES");
}

// An archive in the format of BSD's and macOS's tools, around an assembled file.
TEST_F(foreign_bytes, a_member_of_a_bsd_archive_is_proved) {
  const std::string name = "an_object_file_with_a_long_name.o";
  const std::string object = contents("trap_att.o");
  std::ofstream(path_, std::ios::binary)
      << "!<arch>\n"
      << fmt::format("#1/{:<13}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{}", name.size(), 0, 0, 0, 644,
                     name.size() + object.size(), name)
      << object;
  expect_start_proved(path_, "engine_start");
  expect_one_line(prove(path_, {"--symbol", "start=v44"}), path_.string(),
                  "its only member does not define it");
}

TEST_F(foreign_bytes, damaged_files_are_one_clear_line_each) {
  const std::string object = contents("trap_att.o");
  expect_refused("", "an empty file");
  expect_refused(object.substr(0, 40), "ends within its header");
  expect_refused(object.substr(0, object.size() - 1), "not inside the file");
  std::string other = object;
  other[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64 & 0xff);
  expect_refused(other, "is not x86-64");
  const std::string archive = contents("libengine.a");
  expect_refused(archive.substr(0, 8), "an archive without members");
  expect_refused(archive.substr(0, 30), "not an archive member");
  expect_refused(archive.substr(0, archive.size() - 500), "member naked.o ends outside");
  std::string size = archive;
  size.replace(8 + 48, 10, "99999999  ");  // of the first member (ar.h, ar_size)
  expect_refused(size, "byte 0x8");
  expect_refused("!<arch>\ngarbage that is no header of any member, but is as long as one is", "");
}

}  // namespace
}  // namespace fiberproof::verify
