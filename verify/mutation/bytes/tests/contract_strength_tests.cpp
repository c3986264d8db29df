// The contracts say enough: machine code with one instruction changed is refuted.
//
// Mutants are made from the decoded bytes of a built program: each instruction dropped, and
// each of its bytes changed in the ways that turn one register, displacement or constant into
// another. A mutant that still decodes to the same boundaries must break a theorem, unless the
// instruction is never executed under the contracts' assumptions.
#include "verify/embedded/embedded.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/switch_sites.hpp"
#include "verify/x86/paths.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;
using Bytes = std::vector<std::byte>;

struct Mutant {
  std::uint64_t address;
  std::string description;
  Bytes bytes;
};

Contract contract_named(const std::string& name) {
  for (const auto& [path, text] : embedded_contracts()) {
    if (filesystem::path(path).stem() == name) return *parse_contract(text, std::string(path));
  }
  ADD_FAILURE() << "no contract " << name;
  return {};
}

// The numbers that are added to a byte: the next register, a displacement or constant 8 higher or 8
// lower; 0 stands for dropping the whole instruction.
constexpr unsigned dropped = 0;
constexpr std::array<unsigned, 4> all_changes{dropped, 0x01, 0x08, 0xf8};

// The mutants of one instruction by these changes.
void add_mutants(const Routine& routine, const Instruction& instruction,
                 std::span<const unsigned> changes, std::vector<Mutant>& mutants) {
  const std::size_t at = instruction.address - routine.address;
  for (const unsigned change : changes) {
    if (change == dropped) {
      Bytes without = routine.bytes;
      std::fill_n(without.begin() + static_cast<std::ptrdiff_t>(at), instruction.length,
                  std::byte{0x90});
      mutants.push_back({instruction.address, instruction.text + " -> dropped", without});
      continue;
    }
    for (std::size_t index = at; index < at + instruction.length; ++index) {
      Bytes changed = routine.bytes;
      changed[index] =
          static_cast<std::byte>((std::to_integer<unsigned>(changed[index]) + change) & 0xff);
      const auto decoded =
          decode(instruction.address, std::span<const std::byte>(changed).subspan(at));
      if (decoded && decoded->length == instruction.length && decoded->text != instruction.text) {
        mutants.push_back(
            {instruction.address, instruction.text + " -> " + decoded->text, changed});
      }
    }
  }
}

class MutantFile {
 public:
  MutantFile() {
    std::ifstream file(FIBERPROOF_SUBJECT, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto* const first = reinterpret_cast<const std::byte*>(text.data());
    original_.assign(first, first + text.size());
  }

  // The file with every copy of `from` replaced; there is more than one site of a switch.
  std::expected<ObjectFile, ObjectError> with(const Bytes& from, const Bytes& to) const {
    Bytes contents = original_;
    std::size_t copies = 0;
    for (auto at = std::ranges::search(contents, from); !at.empty();
         at = std::ranges::search(at.end(), contents.end(), from.begin(), from.end()), ++copies) {
      std::ranges::copy(to, at.begin());
    }
    EXPECT_GE(copies, 1u);
    return ObjectFile::parse("mutant", std::move(contents));
  }

 private:
  Bytes original_;
};

bool is_refuted(const ContractResult& result) {
  return std::ranges::any_of(result.theorems, [](const Theorem& theorem) {
    return theorem.verdict == Verdict::refuted &&
           theorem.name != "continuation_start_v44/T5.payload_0_means_success";
  });
}

// A changed call or jump may happen to reach another routine of the program, or the middle of an
// instruction, whose code has no meaning here: then nothing is proved, and not refuted either,
// since nobody knows what happens there.
bool goes_where_nothing_is_known(const ContractResult& result) {
  return std::ranges::any_of(result.theorems, [](const Theorem& theorem) {
    return theorem.verdict == Verdict::unknown && theorem.name.ends_with("/every_path_leaves") &&
           !theorem.reason.contains("did not answer");
  });
}

struct Score {
  std::size_t mutants = 0;
  std::size_t refuted = 0;
  std::size_t refused = 0;  ///< no longer code that can be read: an error of the run, or an unknown
  std::vector<std::string> survivors;
};

// Each mutant against the contracts in turn, until one refutes it.
Score score(const Routine& routine, const std::vector<Mutant>& mutants,
            const std::vector<Contract>& contracts) {
  Score sum;
  const MutantFile file;
  ProverOptions options;
  options.is_mutant = true;
  const auto solver = make_z3_solver(std::chrono::seconds(2));
  for (const Mutant& mutant : mutants) {
    ++sum.mutants;
    const auto object = file.with(routine.bytes, mutant.bytes);
    bool refuted = false;
    bool refused = !object.has_value();
    for (const Contract& contract : contracts) {
      if (refuted || refused) break;
      const auto result = prove(contract, *object, *solver, options);
      refuted = result && is_refuted(*result);
      refused = !result || (!refuted && goes_where_nothing_is_known(*result));
    }
    sum.refuted += refuted ? 1 : 0;
    sum.refused += refused ? 1 : 0;
    if (!refuted && !refused) sum.survivors.push_back(mutant.description);
  }
  return sum;
}

// The addresses that some path of the unchanged routine executes.
std::set<std::uint64_t> executed(const Code& code, const Contract& contract) {
  std::set<std::uint64_t> addresses;
  const auto solver = make_z3_solver(std::chrono::seconds(5));
  const auto in = set_up(contract, nullptr, *solver);
  const auto on_call = [](SymbolicCpu& cpu, Term, const SymbolicCpu& before) {
    cpu.forget_across_call("after");
    cpu.write(Register::rsp, before.read(Register::rsp));
    return CallOutcome::returns;
  };
  for (const PathEnd& end : execute(code, *(*in)->entry, *solver, on_call)) {
    addresses.insert(end.cpu.trace.begin(), end.cpu.trace.end());
  }
  return addresses;
}

Score score_routine(const Routine& routine, const std::vector<std::string>& contract_names,
                    std::span<const unsigned> changes = all_changes) {
  std::vector<Contract> contracts;
  for (const std::string& name : contract_names) contracts.push_back(contract_named(name));
  const Code code = decode_all(routine.symbol, routine.address, routine.bytes);
  const auto reached = executed(code, contracts.front());
  std::vector<Mutant> mutants;
  for (const auto& [address, instruction] : code.instructions) {
    if (reached.contains(address)) add_mutants(routine, instruction, changes, mutants);
  }
  Score result = score(routine, mutants, contracts);
  testing::Test::RecordProperty("mutants", static_cast<int>(result.mutants));
  testing::Test::RecordProperty("refuted", static_cast<int>(result.refuted));
  std::printf("%s: %zu mutants, %zu refuted, %zu refused\n", routine.symbol.c_str(), result.mutants,
              result.refuted, result.refused);
  return result;
}

ObjectFile subject() {
  return *ObjectFile::open(FIBERPROOF_SUBJECT);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Mutants of what our two compilers make of initialize that do the same as the original.
bool is_equivalent(const std::string& mutant) {
  static const std::set<std::string> equivalent{
      // The frame pointer of a frame that uses none.
      "mov rbp, rsp -> dropped",
      "mov rbp, rsp -> mov rbp, rbp",
      // A check of 32 bits that also sees the next field, which is checked right after.
      "mov eax, dword ptr [r8] -> mov rax, qword ptr [r8]",
      "mov eax, dword ptr [r8+0x04] -> mov rax, qword ptr [r8+0x04]",
      "mov ecx, dword ptr [r8] -> mov rcx, qword ptr [r8]",
      "mov ecx, dword ptr [r8+0x04] -> mov rcx, qword ptr [r8+0x04]",
      // Words whose upper halves are zero.
      "cmp eax, r9d -> cmp rax, r9",
      "cmovbe eax, r9d -> cmovbe rax, r9",
      "cmp r11d, ecx -> cmp r11, rcx",
      "cmovnb ecx, r11d -> cmovnb rcx, r11",
      "mov eax, r11d -> mov rax, r11",
      // A store that the next one covers.
      "mov dword ptr [r8+0x04], eax -> mov qword ptr [r8+0x04], rax",
      "mov dword ptr [r8+0x04], ecx -> mov qword ptr [r8+0x04], rcx",
  };
  return equivalent.contains(mutant);
}

// A jump into the middle of the code that reports a failed check: what the report says, no clause
// claims.
bool only_reports(const std::string& mutant) {
  const std::string jump = "jnz 0x";
  if (!mutant.starts_with(jump)) return false;
  const auto file = subject();
  const Routine routine = *file.routine("fiberproof_initialize");
  const Code code = decode_all(routine.symbol, routine.address, routine.bytes);
  std::uint64_t at = std::stoull(mutant.substr(jump.size()), nullptr, 16);
  for (auto next = code.instructions.find(at); next != code.instructions.end();
       next = code.instructions.find(at)) {
    const Instruction& instruction = next->second;
    at = instruction.next_address();
    if (instruction.operation == Operation::jcc || instruction.operation == Operation::ret) break;
    const bool goes =
        instruction.operation == Operation::jmp || instruction.operation == Operation::call;
    if (!goes) continue;
    const auto* const target = std::get_if<Immediate>(&instruction.operands[0]);
    if (target == nullptr) break;
    if (instruction.operation == Operation::call) {
      return file.symbol_at(target->value) == "fiberproof_check_failed";
    }
    at = target->value;
  }
  return false;
}

TEST(mutants, of_continuation_start_are_refuted) {
  const Score result =
      score_routine(*subject().routine("fiberproof_continuation_start"), {"continuation_start"});
  EXPECT_GE(result.mutants, 40u);
  EXPECT_TRUE(result.survivors.empty()) << joined(result.survivors);
}

TEST(mutants, of_continuation_start_v44_are_refuted) {
  const Score result = score_routine(*subject().routine("fiberproof_continuation_start_v44"),
                                     {"continuation_start_v44"});
  EXPECT_GE(result.mutants, 30u);
  EXPECT_TRUE(result.survivors.empty()) << joined(result.survivors);
}

TEST(mutants, of_stack_switch_are_refuted) {
  const auto file = subject();
  const Score result =
      score_routine(*proved_switch_site(file, "fiberproof_switch_sites"), {"stack_switch"});
  EXPECT_GE(result.mutants, 40u);
  EXPECT_TRUE(result.survivors.empty()) << joined(result.survivors);
}

void expect_initialize_mutants_refuted(std::span<const unsigned> changes, std::size_t mutants_min) {
  const Score result =
      score_routine(*subject().routine("fiberproof_initialize"),
                    {"initialize", "initialize_abi", "initialize_checks"}, changes);
  EXPECT_GE(result.mutants, mutants_min);
  for (const std::string& survivor : result.survivors) {
    EXPECT_TRUE(is_equivalent(survivor) || only_reports(survivor)) << survivor;
  }
}

TEST(mutants, of_initialize_without_an_instruction_are_refuted) {
  expect_initialize_mutants_refuted(std::array{dropped}, 40);
}

// One change of each byte, for the time that it takes.
TEST(mutants, of_initialize_with_a_byte_8_higher_are_refuted) {
  expect_initialize_mutants_refuted(std::array{0x08u}, 60);
}

}  // namespace
}  // namespace fiberproof::verify
