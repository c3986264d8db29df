// verify/contracts/libraries/: each contract has the verdicts that proofs.txt expects, of the
// library where it is installed and of assembly of our own that keeps the same convention; and
// mutants of every library's routine are refuted. A missing library is a skipped test with the
// reason.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/cli/tests/libraries/byte_mutant.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/process/temporary_folder.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <link.h>
#include <algorithm>
#include <array>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

using Options = std::vector<std::string>;
template <class T>
using Result = std::expected<T, std::string>;

const std::string contracts = LIBRARY_CONTRACTS;
const std::string proofs = contracts + "/proofs.txt";

Result<Routine> routine_in(const std::string& path, const std::string& symbol) {
  const auto archive = ObjectArchive::open(path);
  if (!archive) return std::unexpected(message(archive.error()));
  const auto file = archive->defining(symbol);
  if (!file) return std::unexpected(message(file.error()));
  auto routine = (*file)->routine(symbol);
  if (!routine) return std::unexpected(message(routine.error()));
  return std::move(*routine);
}

// A library's file and the options that its contract needs; an error says why it is missing.
struct Library {
  std::string path;
  Options options = {};
  std::optional<Routine> other = {};  // has no symbol, and was found in another routine
};

constexpr std::uint64_t context_bytes_of_boost_1_74 = 0x38;

// The room that a context has for a stack guard: jump_fcontext first makes room for a context.
Result<std::uint64_t> guard_of(const std::string& path) {
  const auto jump = routine_in(path, "jump_fcontext");
  if (!jump) return std::unexpected(jump.error());
  const auto first = decode(jump->address, jump->bytes);
  if (!first) return std::unexpected(message(first.error()));
  const auto* const room =
      first->operands.size() == 2 ? std::get_if<MemoryOperand>(&first->operands[1]) : nullptr;
  if (room == nullptr) return std::unexpected("jump_fcontext begins in another way");
  return std::uint64_t{0} - room->displacement - context_bytes_of_boost_1_74;
}

Result<Library> boost_context() {
  const std::string path = FIBERPROOF_BOOST_CONTEXT;
  if (path.empty()) return std::unexpected("no libboost_context.a: install libboost-context-dev");
  const auto guard = guard_of(path);
  if (!guard) return std::unexpected(guard.error());
  return Library{path, {"--let", fmt::format("guard={}", *guard)}};
}

Result<Library> boost_make() {
  auto library = boost_context();
  if (library)
    library->options.insert(library->options.end(), {"--symbol", "first_entry=trampoline:3"});
  return library;
}

// The C library that this program runs with.
Result<Library> glibc() {
  void* const handle = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  struct link_map* map = nullptr;
  if (handle == nullptr || ::dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&map)) != 0) {
    return std::unexpected("this program does not run with glibc's libc.so.6");
  }
  return Library{map->l_name};
}

constexpr std::uint64_t start_context_bytes = 26;

// The code that a context's function returns to has no symbol: makecontext takes its address.
Result<Library> glibc_make() {
  auto library = glibc();
  if (!library) return library;
  const auto make = routine_in(library->path, "makecontext");
  if (!make) return std::unexpected(make.error());
  const auto file = ObjectFile::open(library->path);
  for (std::size_t at = 0; at < make->bytes.size();) {
    const auto instruction = decode(make->address + at, std::span(make->bytes).subspan(at));
    if (!instruction) break;
    at += instruction->length;
    if (instruction->operation != Operation::lea || !instruction->relative) continue;
    const std::uint64_t target = instruction->relative->target;
    auto routine = file->code("start_context", target, start_context_bytes);
    if (!routine) continue;
    library->options = {"--symbol",
                        fmt::format("start_context={:#x}:{}", target, start_context_bytes)};
    library->other = std::move(*routine);
    return library;
  }
  return std::unexpected("makecontext takes no address of code");
}

Result<Library> saved_registers() {
  const std::string path = FIBERPROOF_SAVED_REGISTERS;
  if (path.empty()) return std::unexpected("the benchmarks are not built: see cmake's own words");
  return Library{path};
}

Result<Library> corosensei() {
  return Library{LIBRARY_FILES "/corosensei.o"};
}
Result<Library> libco() {
  return Library{LIBRARY_FILES "/libco.o"};
}
Result<Library> minicoro() {
  return Library{LIBRARY_FILES "/minicoro.o"};
}
Result<Library> wasmtime_fiber() {
  return Library{LIBRARY_FILES "/wasmtime_fiber.o"};
}

struct Subject {
  const char* contract;
  Result<Library> (*library)();
};

void PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.contract;
}

const std::vector<Subject> subjects = {
    {"boost_jump_fcontext", boost_context},
    {"boost_make_fcontext", boost_make},
    {"boost_ontop_fcontext", boost_context},
    {"corosensei", corosensei},
    {"glibc_makecontext", glibc_make},
    {"glibc_swapcontext", glibc},
    {"libco", libco},
    {"minicoro", minicoro},
    {"minicoro_entry", minicoro},
    {"saved_registers", saved_registers},
    {"saved_registers_start", saved_registers},
    {"wasmtime_fiber", wasmtime_fiber},
    {"wasmtime_fiber_start", wasmtime_fiber},
};

const Subject& subject_named(const std::string& contract) {
  return *std::ranges::find(subjects, contract, &Subject::contract);
}

std::vector<ExpectedTheorem> expected_of(const std::string& contract) {
  std::ifstream file(proofs);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto expected = parse_expected(text, proofs);
  EXPECT_TRUE(expected) << expected.error();
  std::erase_if(*expected, [&](const ExpectedTheorem& theorem) {
    return !theorem.name.starts_with(contract + "/");
  });
  return *expected;
}

Outcome prove(const std::string& contract, const std::string& path, const Options& options) {
  Options arguments{FIBERPROOF_COMMAND, "prove",
                    "--object",         path,
                    "--contract",       fmt::format("{}/{}.contract", contracts, contract),
                    "--expected",       proofs};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return outcome_of(arguments);
}

class library_contract : public testing::TestWithParam<Subject> {};

TEST_P(library_contract, has_the_expected_verdicts) {
  const auto library = GetParam().library();
  if (!library) GTEST_SKIP() << library.error();
  const std::string contract = GetParam().contract;
  const auto expected = expected_of(contract);
  const auto refuted = static_cast<std::size_t>(
      std::ranges::count(expected, Verdict::refuted, &ExpectedTheorem::verdict));
  EXPECT_GT(expected.size(), refuted) << "proofs.txt does not list " << contract;
  const Outcome outcome = prove(contract, library->path, library->options);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   " + contract + "/"), expected.size() - refuted);
  EXPECT_EQ(outcome.count("refuted  " + contract + "/"), refuted);
}

INSTANTIATE_TEST_SUITE_P(libraries, library_contract, testing::ValuesIn(subjects),
                         [](const auto& tested) { return std::string(tested.param.contract); });

struct Mutant {
  const char* contract;
  const char* routine;  // null for Library::other
  ByteMutant change;
};

void PrintTo(const Mutant& mutant, std::ostream* out) {
  *out << mutant.contract << ": " << mutant.change.name;
}

using enum ByteChange;
using enum Register;

// Five of each library's routine, and one of each of our own that stand for a library.
std::vector<Mutant> mutants() {
  std::vector<Mutant> all;
  for (const auto& [contract, routine] : {std::pair{"boost_jump_fcontext", "jump_fcontext"},
                                          std::pair{"boost_ontop_fcontext", "ontop_fcontext"}}) {
    all.insert(all.end(),
               {{contract, routine, {"r12_is_saved_elsewhere", stores(r12), add_8}},
                {contract, routine, {"r14_and_r15_are_swapped", loads(r14), other_register}},
                {contract, routine, {"rbx_is_not_saved", stores(rbx), leave_out}},
                {contract, routine, {"mxcsr_is_not_loaded", is_of(Operation::ldmxcsr), leave_out}},
                {contract, routine, {"x87_is_saved_elsewhere", is_of(Operation::fnstcw), add_8}}});
  }
  all.insert(
      all.end(),
      {{"boost_make_fcontext", "make_fcontext", {"function_elsewhere", stores(rdx), add_8}},
       {"boost_make_fcontext", "make_fcontext", {"no_resume_address", stores(rcx), leave_out}},
       {"boost_make_fcontext", "make_fcontext", {"no_mxcsr", is_of(Operation::stmxcsr), leave_out}},
       {"boost_make_fcontext", "make_fcontext", {"x87_elsewhere", is_of(Operation::fnstcw), add_8}},
       {"boost_make_fcontext", "make_fcontext", {"context_8_higher", is_of(Operation::lea), add_8}},
       {"glibc_makecontext", "makecontext", {"no_function", stores(rax), leave_out}},
       {"glibc_makecontext",
        "makecontext",
        {"no_alignment", is_of(Operation::and_, rcx), leave_out}},
       {"glibc_makecontext", "makecontext", {"no_return_address", stores(rdi), leave_out}},
       {"glibc_makecontext", "makecontext", {"second_argument_lost", stores(r8), leave_out}},
       {"glibc_makecontext", nullptr, {"successor_elsewhere", loads(rdi), other_register}},
       {"glibc_swapcontext", "swapcontext", {"rbx_is_saved_elsewhere", stores(rbx), add_8}},
       {"glibc_swapcontext",
        "swapcontext",
        {"r12_and_r13_are_swapped", loads(r12), other_register}},
       {"glibc_swapcontext", "swapcontext", {"mask_is_blocked", is_of(Operation::mov, rdi), add_1}},
       {"glibc_swapcontext",
        "swapcontext",
        {"x87_is_not_loaded", is_of(Operation::fldenv), leave_out}},
       {"glibc_swapcontext",
        "swapcontext",
        {"mxcsr_is_not_saved", is_of(Operation::stmxcsr), leave_out}},
       {"corosensei", "stack_init_trampoline", {"no_parent_link", stores(rsp), leave_out}},
       {"libco", "co_swap", {"r13_is_saved_elsewhere", stores(r13), add_8}},
       {"minicoro", "_mco_switch", {"r12_and_r13_are_swapped", loads(r12), other_register}},
       {"minicoro_entry", "_mco_wrap_main", {"no_argument", moves(rdi, r13), leave_out}},
       {"wasmtime_fiber", "wasmtime_fiber_switch", {"rbx_is_not_saved", stores(rbx), leave_out}},
       {"wasmtime_fiber_start",
        "wasmtime_fiber_start",
        {"no_argument", moves(rdi, r12), leave_out}}});
  constexpr const char* ours = "fiberproof_bench_saved_register_switch";
  all.insert(
      all.end(),
      {{"saved_registers", ours, {"rdx_for_rbx", is_of(Operation::push, rbx), other_register}},
       {"saved_registers", ours, {"r13_for_r12", is_of(Operation::pop, r12), other_register}},
       {"saved_registers", ours, {"rsp_is_not_stored", stores(rsp), leave_out}},
       {"saved_registers", ours, {"stack_is_the_store", moves(rsp, rsi), other_register}},
       {"saved_registers", ours, {"rbp_stays", is_of(Operation::pop, rbp), leave_out}},
       {"saved_registers_start",
        "fiberproof_bench_saved_register_start",
        {"no_argument", moves(rdi, rbx), leave_out}}});
  return all;
}

class library_mutant : public testing::TestWithParam<Mutant> {};

TEST_P(library_mutant, is_refuted) {
  const Mutant& mutant = GetParam();
  const auto library = subject_named(mutant.contract).library();
  if (!library) GTEST_SKIP() << library.error();
  const auto routine = mutant.routine == nullptr ? Result<Routine>(library->other.value())
                                                 : routine_in(library->path, mutant.routine);
  ASSERT_TRUE(routine) << routine.error();
  const auto bytes = routine_bytes(library->path, *routine);
  ASSERT_TRUE(bytes) << bytes.error();
  const TemporaryFolder folder;
  const std::string copy =
      folder.path() + "/" + std::filesystem::path(library->path).filename().string();
  const auto written = write_mutant(*bytes, mutant.change, copy);
  ASSERT_TRUE(written) << written.error();
  const Outcome outcome = prove(mutant.contract, copy, library->options);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  // Beside those that proofs.txt expects, whose lines say so.
  EXPECT_TRUE(std::ranges::any_of(outcome.lines, [](const std::string& line) {
    return line.starts_with("refuted  ") && line.find("(expected") == std::string::npos;
  })) << outcome.text();
}

INSTANTIATE_TEST_SUITE_P(libraries, library_mutant, testing::ValuesIn(mutants()),
                         [](const auto& tested) {
                           return fmt::format("{}_{}", tested.param.contract,
                                              tested.param.change.name);
                         });

TEST(library_contracts, every_one_is_proved_of_something_and_listed) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(contracts)) {
    if (entry.path().extension() != ".contract") continue;
    ++files;
    const std::string name = entry.path().stem().string();
    const auto contract = read_contract(entry.path());
    ASSERT_TRUE(contract) << message(contract.error());
    EXPECT_EQ(contract->name, name);
    EXPECT_NE(std::ranges::find(subjects, name, &Subject::contract), subjects.end()) << name;
    EXPECT_FALSE(expected_of(name).empty()) << name;
  }
  EXPECT_EQ(files, subjects.size());
}

// A value for another version of the library than this one.
TEST(library_contracts, a_wrong_version_is_refuted) {
  const auto library = boost_context();
  if (!library) GTEST_SKIP() << library.error();
  const std::uint64_t other = *guard_of(library->path) == 0 ? 8 : 0;
  const Outcome outcome =
      prove("boost_jump_fcontext", library->path, {"--let", fmt::format("guard={}", other)});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(
      outcome.says(fmt::format("boost_jump_fcontext: guard = {:#x}; for a version with "
                               "another: --let guard=NUMBER",
                               other)))
      << outcome.text();
}

}  // namespace
}  // namespace fiberproof::verify
