// Every switch in what Wasmtime's compiler makes of random Programs is found and proved; and a
// compiled module with a defect is refuted.
#include "verify/cli/engine_list.hpp"
#include "verify/cli/engine_modules.hpp"
#include "verify/cli/engine_parts.hpp"
#include "verify/object/object_file.hpp"
#include "verify/process/tests/scratch_folder.hpp"
#include "verify/survey/survey.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

// `lea REG, [rip + 6]`, the address behind the switch: the one instruction that nothing else needs.
// Counted as bytes, so that the search is checked by something that shares nothing with it.
std::size_t resume_addresses(const ObjectFile& file) {
  std::size_t count = 0;
  for (const unsigned rex : {0x48u, 0x4cu}) {
    for (unsigned reg = 0; reg < 8; ++reg) {
      const std::vector<std::byte> lea{std::byte(rex), std::byte(0x8d), std::byte(reg << 3 | 5u),
                                       std::byte(6),   std::byte(0),    std::byte(0),
                                       std::byte(0)};
      count += file.occurrences_in_code(lea).size();
    }
  }
  return count;
}

class engine_modules : public testing::Test {
 protected:
  void SetUp() override {
    const std::string table = installed_engine_table();
    if (table.empty()) GTEST_SKIP() << "no engine is installed: .ci/install-engines";
    const auto engines = read_engines(table, {});
    ASSERT_TRUE(engines) << engines.error();
    const auto found = std::ranges::find(*engines, "wasmtime-49", &fuzz::engine::Engine::name);
    if (found == engines->end()) GTEST_SKIP() << "wasmtime-49 is not installed";
    engine_ = *found;
    // The table also names what could not be downloaded.
    if (!std::filesystem::is_regular_file(engine_.command.front())) {
      GTEST_SKIP() << engine_.command.front() << " is missing: .ci/install-engines";
    }
  }

  std::vector<std::string> compiled(std::size_t programs) {
    const auto modules = compile_modules(engine_, engine_parts(), programs, folder_.path());
    EXPECT_TRUE(modules) << modules.error();
    return modules ? modules->paths : std::vector<std::string>{};
  }

  // The same file with other bytes at the address of a switch.
  std::string changed(const std::string& path, const ObjectFile& file, std::uint64_t address,
                      const std::vector<std::uint8_t>& bytes) {
    const auto code = file.stored_code(address);
    EXPECT_TRUE(code);
    const auto offset = code->data() - file.contents().data();
    std::ifstream input(path, std::ios::binary);
    std::string contents{std::istreambuf_iterator<char>(input), {}};
    std::ranges::copy(bytes, contents.begin() + offset);
    const std::string other = folder_.path() + "/changed.cwasm";
    std::ofstream(other, std::ios::binary) << contents;
    return other;
  }

  fuzz::engine::Engine engine_;
  ScratchFolder folder_;
};

TEST_F(engine_modules, every_switch_is_found_and_proved) {
  constexpr std::size_t programs = 100;
  const auto paths = compiled(programs);
  ASSERT_GE(paths.size(), programs);
  const auto proofs = prove_modules(paths);
  ASSERT_TRUE(proofs) << proofs.error();
  std::cout << proofs->modules << " modules, " << proofs->switches << " switches, "
            << proofs->different << " different, " << proofs->theorems << " theorems proved, "
            << proofs->seconds << " s\n";
  for (const std::string& line : proofs->wrong) ADD_FAILURE() << line;
  for (const std::string& line : proofs->misses) ADD_FAILURE() << line;
  std::size_t addresses = 0;
  for (const std::string& path : paths) {
    const auto file = ObjectFile::open(path);
    ASSERT_TRUE(file) << message(file.error());
    addresses += resume_addresses(*file);
  }
  EXPECT_EQ(addresses, proofs->switches);
  EXPECT_GT(proofs->switches, programs);
}

// In the order of the compiled instructions: load RSP, store RSP, set RSP, load and store RBP, set
// RBP, load the address, make and store the address behind, jump.
TEST_F(engine_modules, with_a_defect_are_refuted) {
  for (const std::string& path : compiled(20)) {
    const auto file = ObjectFile::open(path);
    ASSERT_TRUE(file) << message(file.error());
    const Survey found = survey(*file);
    const auto chosen = std::ranges::find_if(found.switches, [](const FoundSwitch& one) {
      return one.code.bytes.size() == 37 && one.load.base != one.store.base;
    });
    if (chosen == found.switches.end()) continue;
    std::vector<std::uint8_t> site;
    for (const std::byte byte : chosen->code.bytes)
      site.push_back(std::to_integer<std::uint8_t>(byte));
    struct Defect {
      const char* name;
      std::size_t offset;
      std::vector<std::uint8_t> bytes;
    };
    const std::vector<std::uint8_t> nop3{0x0f, 0x1f, 0x00};
    const std::vector<std::uint8_t> nop4{0x0f, 0x1f, 0x40, 0x00};
    const std::vector<Defect> defects{
        {"RBP from the wrong word", 12, {0x10}},
        {"the address from the wrong word", 23, {0x08}},
        {"RBP in the wrong word", 16, {0x10}},
        {"the address in the wrong word", 34, {0x08}},
        {"the address is one too high", 27, {0x07}},
        {"RSP is not stored", 3, nop3},
        {"RBP is not stored", 13, nop4},
        {"the address is not stored", 31, nop4},
        {"RSP is not set", 6, nop3},
        {"RBP is not set", 17, nop3},
        {"RSP and RBP change places", 8, {static_cast<std::uint8_t>(site[8] | 1u)}},
        {"a register is live", 37, {0x48, 0x89, 0xd8}},  // mov rax, rbx
        {"a vector is live", 37, {0x66, 0x0f, 0xd6, 0xc8}},
    };
    for (const Defect& defect : defects) {
      const std::string other =
          changed(path, *file, chosen->code.address + defect.offset, defect.bytes);
      const auto proofs = prove_modules({other});
      ASSERT_TRUE(proofs) << defect.name << ": " << proofs.error();
      const bool is_refuted = std::ranges::any_of(
          proofs->wrong, [](const std::string& line) { return line.ends_with(" is refuted"); });
      EXPECT_TRUE(is_refuted) << defect.name;
    }
    return;
  }
  FAIL() << "no module has a switch whose contexts are in two registers";
}

}  // namespace
}  // namespace fiberproof::verify
