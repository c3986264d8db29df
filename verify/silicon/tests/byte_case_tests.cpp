// The fuzz target `instruction` relies on this: any bytes are a case, and bytes reach every form
// that decode() accepts. A new form on the allow list that no case covers fails here.
#include "verify/silicon/byte_case.hpp"
#include "verify/silicon/cosimulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t seed = 11;
constexpr Surroundings somewhere = {
    0x2000'0200, {0x2000'01c0, 0x2000'0240}, 0x2100'0f80, 0x7fff'f7d8'a740};

// What two instructions of one form have in common: all but the registers and the numbers.
std::string form_of(const Instruction& instruction) {
  std::string form = fmt::format("{} {}", name(instruction.operation), instruction.bytes * 8);
  const bool has_condition = instruction.operation == Operation::jcc ||
                             instruction.operation == Operation::cmov ||
                             instruction.operation == Operation::set;
  if (has_condition) {
    form += fmt::format(" condition {}", static_cast<unsigned>(instruction.condition));
  }
  for (const Operand& operand : instruction.operands) {
    if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
      form += fmt::format(" reg{}", reg->bytes * 8);
    } else if (const auto* const memory = std::get_if<MemoryOperand>(&operand)) {
      form += fmt::format(" mem{}", memory->bytes * 8);
    } else {
      form += " imm";
    }
  }
  const bool is_direct = instruction.relative && instruction.operands.size() == 1 &&
                         std::holds_alternative<Immediate>(instruction.operands[0]);
  return is_direct ? form + fmt::format(" rel{}", instruction.relative->bytes * 8) : form;
}

// Notes the forms of every opcode and ModRM without a displacement behind `begin`, each with an
// instruction.
void note_forms(const std::vector<unsigned>& begin, std::map<std::string, std::string>& forms) {
  for (unsigned opcode_and_modrm = 0; opcode_and_modrm < 0x1'0000; ++opcode_and_modrm) {
    const unsigned mod = (opcode_and_modrm >> 6) & 3;
    if (mod == 1 || mod == 2) continue;
    std::vector<std::byte> code;
    const auto add = [&](unsigned byte) { code.push_back(static_cast<std::byte>(byte)); };
    for (const unsigned byte : begin) add(byte);
    add(opcode_and_modrm >> 8);
    add(opcode_and_modrm & 0xff);
    code.resize(15, std::byte{0x24});
    const auto decoded = decode(somewhere.instruction_address, code);
    // A system call does whatever RAX says: it is never executed here.
    if (decoded && decoded->operation != Operation::syscall) {
      forms.emplace(form_of(*decoded), decoded->text);
    }
  }
}

// The forms of the maps 0F, 0F 38, 0F 3A and of the one-byte map, with each mandatory prefix, REX.W
// or none; and of the same maps behind VEX, W 0 and 1.
std::map<std::string, std::string> accepted_forms() {
  std::map<std::string, std::string> forms;
  for (const std::vector<unsigned>& map :
       {std::vector<unsigned>{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}}) {
    for (const unsigned prefix : {0x00u, 0x66u, 0xf2u, 0xf3u}) {
      for (const unsigned rex : {0x00u, 0x48u}) {
        std::vector<unsigned> begin;
        if (prefix != 0) begin.push_back(prefix);
        if (rex != 0) begin.push_back(rex);
        begin.insert(begin.end(), map.begin(), map.end());
        note_forms(begin, forms);
      }
    }
  }
  for (const unsigned map : {1u, 2u, 3u}) {
    for (const unsigned mandatory : {0u, 1u, 2u, 3u}) {
      for (const unsigned w : {0x00u, 0x80u}) {
        note_forms({0xc4, 0xe0 | map, w | 0x78 | mandatory}, forms);  // no second source
        note_forms({0xc4, 0xe0 | map, w | 0x40 | mandatory}, forms);
      }
    }
  }
  return forms;
}

std::vector<std::byte> random_bytes(Random& random, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(random.below(256));
  }
  return bytes;
}

TEST(byte_case, bytes_reach_every_form_that_is_accepted) {
  constexpr unsigned attempts = 100'000;
  std::set<std::string> reached;
  Random random(seed);
  for (unsigned attempt = 0; attempt < attempts; ++attempt) {
    auto bytes = random_bytes(random, 128);
    bytes[0] &= std::byte{0xfe};  // by form; given instructions show nothing here
    const auto made = make_case_of_bytes(somewhere, bytes);
    ASSERT_TRUE(made) << made.error();
    const auto decoded = decode(somewhere.instruction_address, made->code);
    ASSERT_TRUE(decoded) << message(decoded.error());
    reached.insert(form_of(*decoded));
  }
  const std::map<std::string, std::string> accepted = accepted_forms();
  for (const auto& [form, instruction] : accepted) {
    EXPECT_TRUE(reached.contains(form))
        << form << ", as in " << instruction << ": no CPU has confirmed what it means";
  }
  EXPECT_GT(accepted.size(), 200u);
  fmt::print("{} forms are accepted, {} of the bytes'\n", accepted.size(), reached.size());
}

TEST(byte_case, every_register_is_reached_in_every_place) {
  std::array<std::set<Register>, 3> reached;  // first operand, base, index
  Random random(seed);
  for (unsigned attempt = 0; attempt < 20'000; ++attempt) {
    const auto made = make_case_of_bytes(somewhere, random_bytes(random, 64));
    ASSERT_TRUE(made) << made.error();
    const auto decoded = decode(somewhere.instruction_address, made->code);
    ASSERT_TRUE(decoded) << message(decoded.error());
    for (const Operand& operand : decoded->operands) {
      if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
        reached[0].insert(reg->name);
      } else if (const auto* const memory = std::get_if<MemoryOperand>(&operand)) {
        if (memory->base) reached[1].insert(*memory->base);
        if (memory->index) reached[2].insert(*memory->index);
      }
    }
  }
  for (std::size_t number = 0; number < register_count; ++number) {
    const auto reg = static_cast<Register>(number);
    EXPECT_TRUE(reached[0].contains(reg)) << name(reg) << " as the operand";
    EXPECT_TRUE(reached[1].contains(reg)) << name(reg) << " as the base";
    EXPECT_EQ(reached[2].contains(reg), reg != Register::rsp) << name(reg) << " as the index";
  }
}

TEST(byte_case, a_given_instruction_is_the_one_that_runs) {
  const auto given = std::to_array<std::byte>(
      {std::byte{1}, std::byte{0x48}, std::byte{0x8b}, std::byte{0x46}, std::byte{8}});
  const auto made = make_case_of_bytes(somewhere, given);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->code, std::vector<std::byte>(given.begin() + 1, given.end()));
  EXPECT_EQ(made->form, "given bytes");
}

TEST(byte_case, bytes_find_wrong_semantics) {
  const Model wrong = [](ConcreteCpu& machine, const Instruction& instruction) {
    auto control = step(machine, instruction);
    if (instruction.operation == Operation::sbb) {
      machine.flags().cf = machine.flags().sf;
    }
    return control;
  };
  Cosimulation cosimulation(NativeCpu::create().value(), seed, wrong);
  Random random(seed);
  for (unsigned attempt = 0; attempt < 50'000; ++attempt) {
    if (const auto mismatch = cosimulation.run_bytes(random_bytes(random, 128))) {
      EXPECT_EQ(mismatch->differences.at(0).rfind("cf: the CPU has ", 0), 0u);
      EXPECT_EQ(mismatch->cpu_outputs.size(), register_count + 6 + 3);
      EXPECT_EQ(mismatch->model_outputs.size(), register_count + 6 + 3);
      return;
    }
  }
  FAIL() << "not found";
}

TEST(byte_case, any_bytes_run_and_agree) {
  constexpr std::uint64_t attempts = 500'000;
  auto cpu = NativeCpu::create();
  ASSERT_TRUE(cpu) << cpu.error();
  Cosimulation cosimulation(std::move(*cpu), seed);
  Random random(seed);
  for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
    const auto bytes = random_bytes(random, random.below(128));
    const auto mismatch = cosimulation.run_bytes(bytes);
    ASSERT_FALSE(mismatch) << message(*mismatch);
  }
  const Coverage& coverage = cosimulation.coverage();
  EXPECT_EQ(coverage.byte_strings + coverage.faults, attempts) << "none is passed over";
  EXPECT_GT(coverage.faults, attempts / 200);
  EXPECT_LT(coverage.faults, attempts / 8);
}

}  // namespace
}  // namespace fiberproof::verify
