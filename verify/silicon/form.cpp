#include "verify/silicon/form.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = OperandForm::Kind;

constexpr std::array<std::uint8_t, 4> every_width = {1, 2, 4, 8};
constexpr std::array<std::uint8_t, 3> but_bytes = {2, 4, 8};
constexpr std::array<std::uint8_t, 2> wide = {4, 8};

constexpr auto conditional_moves = std::to_array<ZydisMnemonic>(
    {ZYDIS_MNEMONIC_CMOVO, ZYDIS_MNEMONIC_CMOVNO, ZYDIS_MNEMONIC_CMOVB, ZYDIS_MNEMONIC_CMOVNB,
     ZYDIS_MNEMONIC_CMOVZ, ZYDIS_MNEMONIC_CMOVNZ, ZYDIS_MNEMONIC_CMOVBE, ZYDIS_MNEMONIC_CMOVNBE,
     ZYDIS_MNEMONIC_CMOVS, ZYDIS_MNEMONIC_CMOVNS, ZYDIS_MNEMONIC_CMOVP, ZYDIS_MNEMONIC_CMOVNP,
     ZYDIS_MNEMONIC_CMOVL, ZYDIS_MNEMONIC_CMOVNL, ZYDIS_MNEMONIC_CMOVLE, ZYDIS_MNEMONIC_CMOVNLE});
constexpr auto conditional_sets = std::to_array<ZydisMnemonic>(
    {ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_SETB, ZYDIS_MNEMONIC_SETNB,
     ZYDIS_MNEMONIC_SETZ, ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_SETNBE,
     ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_SETNS, ZYDIS_MNEMONIC_SETP, ZYDIS_MNEMONIC_SETNP,
     ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_SETLE, ZYDIS_MNEMONIC_SETNLE});
constexpr auto conditional_jumps = std::to_array<ZydisMnemonic>(
    {ZYDIS_MNEMONIC_JO, ZYDIS_MNEMONIC_JNO, ZYDIS_MNEMONIC_JB, ZYDIS_MNEMONIC_JNB,
     ZYDIS_MNEMONIC_JZ, ZYDIS_MNEMONIC_JNZ, ZYDIS_MNEMONIC_JBE, ZYDIS_MNEMONIC_JNBE,
     ZYDIS_MNEMONIC_JS, ZYDIS_MNEMONIC_JNS, ZYDIS_MNEMONIC_JP, ZYDIS_MNEMONIC_JNP,
     ZYDIS_MNEMONIC_JL, ZYDIS_MNEMONIC_JNL, ZYDIS_MNEMONIC_JLE, ZYDIS_MNEMONIC_JNLE});

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::reg: return "reg";
    case Kind::memory: return "mem";
    case Kind::address: return "address";
    case Kind::immediate: return "imm";
    case Kind::immediate64: return "imm64";
    case Kind::count: return "count";
    case Kind::cl: return "cl";
    case Kind::near_target: return "rel8";
    case Kind::far_target: return "rel32";
    case Kind::landing_reg: return "landing reg";
    case Kind::landing_memory: return "landing mem";
    case Kind::mxcsr_memory: return "mxcsr mem";
    case Kind::short_memory: return "mem by 32 bits";
    case Kind::short_landing_memory: return "landing mem by 32 bits";
    case Kind::short_address: return "address of 32 bits";
    case Kind::fs_memory: return "mem by FS";
  }
  return "";
}

class FormList {
 public:
  void add(ZydisMnemonic mnemonic, std::vector<OperandForm> operands, bool uses_stack = false,
           bool returns = false, std::vector<std::uint8_t> prefixes = {}) {
    std::string name = ZydisMnemonicGetString(mnemonic);
    for (const OperandForm& operand : operands) {
      name += fmt::format(" {}{}", kind_name(operand.kind), operand.bytes * 8);
    }
    for (const std::uint8_t prefix : prefixes) {
      name += fmt::format(" behind {:02x}", prefix);
    }
    forms_.push_back({std::move(name),
                      static_cast<std::uint16_t>(mnemonic),
                      std::move(operands),
                      std::move(prefixes),
                      {},
                      uses_stack,
                      returns});
  }

  void add_encoding(std::string name, std::vector<std::uint8_t> encoding) {
    forms_.push_back({std::move(name), 0, {}, {}, std::move(encoding), false, false});
  }

  // reg and mem as the first operand, at one width.
  void add_places(ZydisMnemonic mnemonic, std::uint8_t bytes, std::vector<OperandForm> rest = {}) {
    for (const Kind kind : {Kind::reg, Kind::memory}) {
      std::vector<OperandForm> operands = {{kind, bytes}};
      operands.insert(operands.end(), rest.begin(), rest.end());
      add(mnemonic, std::move(operands));
    }
  }

  // A register from a register or from memory.
  void add_loads(ZydisMnemonic mnemonic, std::uint8_t bytes, std::uint8_t source_bytes,
                 std::vector<OperandForm> rest = {}) {
    for (const Kind kind : {Kind::reg, Kind::memory}) {
      std::vector<OperandForm> operands = {{Kind::reg, bytes}, {kind, source_bytes}};
      operands.insert(operands.end(), rest.begin(), rest.end());
      add(mnemonic, std::move(operands));
    }
  }

  std::vector<Form> take() { return std::move(forms_); }

 private:
  std::vector<Form> forms_;
};

void add_moves(FormList& list) {
  for (const std::uint8_t bytes : every_width) {
    list.add(ZYDIS_MNEMONIC_XCHG, {{Kind::reg, bytes}, {Kind::reg, bytes}});
  }
  for (const std::uint8_t bytes : every_width) {
    list.add(ZYDIS_MNEMONIC_XCHG, {{Kind::memory, bytes}, {Kind::reg, bytes}});
    list.add_places(ZYDIS_MNEMONIC_XADD, bytes, {{Kind::reg, bytes}});
  }
  list.add(ZYDIS_MNEMONIC_MOV, {{Kind::reg, 8}, {Kind::immediate64, 8}});
  for (const std::uint8_t bytes : wide) {
    list.add_loads(ZYDIS_MNEMONIC_MOVZX, bytes, 2);
    list.add_loads(ZYDIS_MNEMONIC_MOVSX, bytes, 2);
    list.add(ZYDIS_MNEMONIC_BSWAP, {{Kind::reg, bytes}});
  }
  for (const std::uint8_t bytes : but_bytes) {
    list.add_loads(ZYDIS_MNEMONIC_MOVZX, bytes, 1);
    list.add_loads(ZYDIS_MNEMONIC_MOVSX, bytes, 1);
    list.add(ZYDIS_MNEMONIC_MOVBE, {{Kind::reg, bytes}, {Kind::memory, bytes}});
    list.add(ZYDIS_MNEMONIC_MOVBE, {{Kind::memory, bytes}, {Kind::reg, bytes}});
    list.add(ZYDIS_MNEMONIC_LEA, {{Kind::reg, bytes}, {Kind::address, bytes}});
    for (const ZydisMnemonic mnemonic : conditional_moves) {
      list.add_loads(mnemonic, bytes, bytes);
    }
  }
  list.add_loads(ZYDIS_MNEMONIC_MOVSXD, 8, 4);
  for (const ZydisMnemonic mnemonic : conditional_sets) {
    list.add_places(mnemonic, 1);
  }
  for (const ZydisMnemonic mnemonic :
       {ZYDIS_MNEMONIC_CBW, ZYDIS_MNEMONIC_CWDE, ZYDIS_MNEMONIC_CDQE, ZYDIS_MNEMONIC_CWD,
        ZYDIS_MNEMONIC_CDQ, ZYDIS_MNEMONIC_CQO, ZYDIS_MNEMONIC_CMC, ZYDIS_MNEMONIC_CLC,
        ZYDIS_MNEMONIC_STC, ZYDIS_MNEMONIC_LAHF, ZYDIS_MNEMONIC_SAHF}) {
    list.add(mnemonic, {});
  }
}

void add_stack(FormList& list) {
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::reg, 8}}, true);
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::memory, 8}}, true);
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::immediate, 8}}, true);
  list.add(ZYDIS_MNEMONIC_POP, {{Kind::reg, 8}}, true);
  list.add(ZYDIS_MNEMONIC_POP, {{Kind::memory, 8}}, true);
  list.add(ZYDIS_MNEMONIC_LEAVE, {}, true);
}

void add_arithmetic(FormList& list) {
  for (const std::uint8_t bytes : every_width) {
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_MOV, ZYDIS_MNEMONIC_ADD, ZYDIS_MNEMONIC_ADC, ZYDIS_MNEMONIC_SUB,
          ZYDIS_MNEMONIC_SBB, ZYDIS_MNEMONIC_CMP, ZYDIS_MNEMONIC_AND, ZYDIS_MNEMONIC_OR,
          ZYDIS_MNEMONIC_XOR, ZYDIS_MNEMONIC_TEST}) {
      list.add_places(mnemonic, bytes, {{Kind::reg, bytes}});
      list.add_places(mnemonic, bytes, {{Kind::immediate, bytes}});
      if (mnemonic != ZYDIS_MNEMONIC_TEST) {  // test has no form with memory second
        list.add(mnemonic, {{Kind::reg, bytes}, {Kind::memory, bytes}});
      }
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_NEG, ZYDIS_MNEMONIC_NOT, ZYDIS_MNEMONIC_INC, ZYDIS_MNEMONIC_DEC,
          ZYDIS_MNEMONIC_MUL, ZYDIS_MNEMONIC_IMUL}) {
      list.add_places(mnemonic, bytes);
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_SHL, ZYDIS_MNEMONIC_SHR, ZYDIS_MNEMONIC_SAR, ZYDIS_MNEMONIC_ROL,
          ZYDIS_MNEMONIC_ROR, ZYDIS_MNEMONIC_RCL, ZYDIS_MNEMONIC_RCR}) {
      list.add_places(mnemonic, bytes, {{Kind::count, 1}});
      list.add_places(mnemonic, bytes, {{Kind::cl, 1}});
    }
  }
  for (const std::uint8_t bytes : but_bytes) {
    list.add_loads(ZYDIS_MNEMONIC_IMUL, bytes, bytes);
    list.add_loads(ZYDIS_MNEMONIC_IMUL, bytes, bytes, {{Kind::immediate, bytes}});
  }
}

void add_bits(FormList& list) {
  for (const std::uint8_t bytes : but_bytes) {
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_BT, ZYDIS_MNEMONIC_BTS, ZYDIS_MNEMONIC_BTR, ZYDIS_MNEMONIC_BTC}) {
      list.add(mnemonic, {{Kind::reg, bytes}, {Kind::reg, bytes}});
      list.add_places(mnemonic, bytes, {{Kind::count, 1}});
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_BSF, ZYDIS_MNEMONIC_BSR, ZYDIS_MNEMONIC_TZCNT, ZYDIS_MNEMONIC_LZCNT,
          ZYDIS_MNEMONIC_POPCNT}) {
      list.add_loads(mnemonic, bytes, bytes);
    }
  }
  for (const std::uint8_t bytes : wide) {
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_SHLD, ZYDIS_MNEMONIC_SHRD}) {
      list.add_places(mnemonic, bytes, {{Kind::reg, bytes}, {Kind::count, 1}});
      list.add_places(mnemonic, bytes, {{Kind::reg, bytes}, {Kind::cl, 1}});
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_SHLX, ZYDIS_MNEMONIC_SHRX, ZYDIS_MNEMONIC_SARX, ZYDIS_MNEMONIC_BEXTR,
          ZYDIS_MNEMONIC_BZHI}) {
      list.add_loads(mnemonic, bytes, bytes, {{Kind::reg, bytes}});
    }
    list.add_loads(ZYDIS_MNEMONIC_RORX, bytes, bytes, {{Kind::count, 1}});
    for (const Kind kind : {Kind::reg, Kind::memory}) {
      for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_ANDN, ZYDIS_MNEMONIC_MULX}) {
        list.add(mnemonic, {{Kind::reg, bytes}, {Kind::reg, bytes}, {kind, bytes}});
      }
    }
    for (const ZydisMnemonic mnemonic :
         {ZYDIS_MNEMONIC_BLSR, ZYDIS_MNEMONIC_BLSI, ZYDIS_MNEMONIC_BLSMSK}) {
      list.add_loads(mnemonic, bytes, bytes);
    }
  }
}

void add_transfers(FormList& list) {
  for (const ZydisMnemonic mnemonic : conditional_jumps) {
    list.add(mnemonic, {{Kind::near_target, 1}});
    list.add(mnemonic, {{Kind::far_target, 4}});
  }
  list.add(ZYDIS_MNEMONIC_JMP, {{Kind::near_target, 1}});
  list.add(ZYDIS_MNEMONIC_JMP, {{Kind::far_target, 4}});
  list.add(ZYDIS_MNEMONIC_JMP, {{Kind::landing_reg, 8}});
  list.add(ZYDIS_MNEMONIC_JMP, {{Kind::landing_memory, 8}});
  list.add(ZYDIS_MNEMONIC_CALL, {{Kind::far_target, 4}}, true);
  list.add(ZYDIS_MNEMONIC_CALL, {{Kind::landing_reg, 8}}, true);
  list.add(ZYDIS_MNEMONIC_CALL, {{Kind::landing_memory, 8}}, true);
  list.add(ZYDIS_MNEMONIC_RET, {}, true, true);
  list.add(ZYDIS_MNEMONIC_UD2, {});
  list.add(ZYDIS_MNEMONIC_INT3, {});
}

// Prefixes without effect, as linkers and assemblers write them before `encoding`; the distance of
// a branch is made to lead to a landing place. The ways of the SDM and of AMD's manual agree.
void add_prefixed(FormList& list) {
  constexpr auto of_branches = std::to_array<std::uint8_t>({0x2e, 0x3e, 0x26, 0x36, 0x67, 0xf2});
  list.add(ZYDIS_MNEMONIC_RET, {}, true, true, {0xf3});
  for (const std::uint8_t prefix : of_branches) {
    list.add(ZYDIS_MNEMONIC_RET, {}, true, true, {prefix});
    list.add(ZYDIS_MNEMONIC_JMP, {{Kind::landing_reg, 8}}, false, false, {prefix});
    list.add(ZYDIS_MNEMONIC_CALL, {{Kind::landing_reg, 8}}, true, false, {prefix});
    list.add(ZYDIS_MNEMONIC_CALL, {{Kind::far_target, 4}}, true, false, {prefix});
    list.add(ZYDIS_MNEMONIC_JMP, {{Kind::far_target, 4}}, false, false, {prefix});
    list.add(ZYDIS_MNEMONIC_JB, {{Kind::near_target, 1}}, false, false, {prefix});
  }
  list.add(ZYDIS_MNEMONIC_CALL, {{Kind::far_target, 4}}, true, false, {0x66, 0x66, 0x48});
  list.add(ZYDIS_MNEMONIC_JMP, {{Kind::far_target, 4}}, false, false, {0x66, 0x48});
  for (const std::uint8_t prefix : std::span(of_branches).first(4)) {
    list.add(ZYDIS_MNEMONIC_MOV, {{Kind::reg, 8}, {Kind::memory, 8}}, false, false, {prefix});
    list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::memory, 8}}, true, false, {prefix});
  }
  list.add(ZYDIS_MNEMONIC_ADD, {{Kind::reg, 8}, {Kind::reg, 8}}, false, false, {0x67});
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::reg, 8}}, true, false, {0x67});
  list.add(ZYDIS_MNEMONIC_POP, {{Kind::reg, 8}}, true, false, {0x67});
  list.add(ZYDIS_MNEMONIC_LEAVE, {}, true, false, {0x67});
}

// Prefix 67 where there is an address.
void add_short_addresses(FormList& list) {
  for (const std::uint8_t bytes : wide) {
    list.add(ZYDIS_MNEMONIC_LEA, {{Kind::reg, bytes}, {Kind::short_address, bytes}});
    list.add(ZYDIS_MNEMONIC_MOV, {{Kind::reg, bytes}, {Kind::short_memory, bytes}});
    list.add(ZYDIS_MNEMONIC_MOV, {{Kind::short_memory, bytes}, {Kind::reg, bytes}});
  }
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::short_memory, 8}}, true);
  list.add(ZYDIS_MNEMONIC_CALL, {{Kind::short_landing_memory, 8}}, true);
}

void add_accesses_by_fs(FormList& list) {
  const std::vector<std::uint8_t> by_fs{0x64};
  for (const std::uint8_t bytes : every_width) {
    list.add(ZYDIS_MNEMONIC_MOV, {{Kind::reg, bytes}, {Kind::fs_memory, bytes}}, false, false,
             by_fs);
    list.add(ZYDIS_MNEMONIC_MOV, {{Kind::fs_memory, bytes}, {Kind::reg, bytes}}, false, false,
             by_fs);
    list.add(ZYDIS_MNEMONIC_SUB, {{Kind::reg, bytes}, {Kind::fs_memory, bytes}}, false, false,
             by_fs);
  }
  list.add(ZYDIS_MNEMONIC_TEST, {{Kind::fs_memory, 4}, {Kind::immediate, 4}}, false, false, by_fs);
  list.add(ZYDIS_MNEMONIC_PUSH, {{Kind::fs_memory, 8}}, true, false, by_fs);
}

void add_modes(FormList& list) {
  list.add(ZYDIS_MNEMONIC_CLD, {});
  list.add(ZYDIS_MNEMONIC_STD, {});
  list.add(ZYDIS_MNEMONIC_LDMXCSR, {{Kind::mxcsr_memory, 4}});
  list.add(ZYDIS_MNEMONIC_STMXCSR, {{Kind::memory, 4}});
  list.add(ZYDIS_MNEMONIC_FLDCW, {{Kind::memory, 2}});
  list.add(ZYDIS_MNEMONIC_FNSTCW, {{Kind::memory, 2}});
  list.add(ZYDIS_MNEMONIC_FLDENV, {{Kind::memory, 28}});
  list.add(ZYDIS_MNEMONIC_FNSTENV, {{Kind::memory, 28}});
}

// What assemblers choose and Zydis's encoder does not.
void add_encodings(FormList& list) {
  list.add_encoding("endbr64", {0xf3, 0x0f, 0x1e, 0xfa});
  list.add_encoding("nop", {0x90});
  list.add_encoding("nop 2", {0x66, 0x90});
  list.add_encoding("nop 3", {0x0f, 0x1f, 0x00});
  list.add_encoding("nop 5", {0x0f, 0x1f, 0x44, 0x00, 0x00});
  list.add_encoding("nop 10", {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0});
  list.add_encoding("shl r32 by the implicit 1", {0xd1, 0xe3});
  list.add_encoding("shr r64 by the implicit 1", {0x48, 0xd1, 0xeb});
  list.add_encoding("sar r8 by the implicit 1", {0xd0, 0xfb});
  list.add_encoding("shl r32, 0", {0xc1, 0xe3, 0x00});
  list.add_encoding("xchg eax, eax", {0x87, 0xc0});
  list.add_encoding("nop with REX", {0x48, 0x90});
  list.add_encoding("xchg r8d, eax", {0x41, 0x90});
  list.add_encoding("add eax, imm32 (accumulator)", {0x05, 0x78, 0x56, 0x34, 0x92});
  list.add_encoding("mov r64, imm32 (sign-extended)", {0x48, 0xc7, 0xc3, 0, 0, 0, 0x80});
  list.add_encoding("mov rbx, rcx (8b)", {0x48, 0x8b, 0xd9});
  list.add_encoding("mov rbx, rcx (89)", {0x48, 0x89, 0xcb});
  list.add_encoding("test (f7 /1)", {0xf7, 0xcb, 0x78, 0x56, 0x34, 0x92});
  list.add_encoding("shl (/6)", {0xd1, 0xf3});
  list.add_encoding("nop 12", {0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0});
  list.add_encoding("nop by FS", {0x64, 0x0f, 0x1f, 0x00});
  list.add_encoding("pause", {0xf3, 0x90});
  list.add_encoding("prefetcht0 [rax]", {0x0f, 0x18, 0x08});
  list.add_encoding("prefetchw [rax]", {0x0f, 0x0d, 0x08});
  list.add_encoding("lfence", {0x0f, 0xae, 0xe8});
  list.add_encoding("mfence", {0x0f, 0xae, 0xf0});
  list.add_encoding("sfence", {0x0f, 0xae, 0xf8});
  list.add_encoding("vzeroupper", {0xc5, 0xf8, 0x77});
  list.add_encoding("ud1 eax, [eax+2]", {0x67, 0x0f, 0xb9, 0x40, 0x02});
  list.add_encoding("bts with REX.W and 66", {0x66, 0x48, 0x0f, 0xba, 0xe8, 0x22});
  list.add_encoding("xor with two REX", {0x41, 0x48, 0x31, 0xd0});
  list.add_encoding("mov eax, r8d behind 66 and REX.W", {0x66, 0x4c, 0x89, 0xc0});
  list.add_encoding("endbr64 behind 2e", {0x2e, 0xf3, 0x0f, 0x1e, 0xfa});
}

}  // namespace

const std::vector<Form>& all_forms() {
  static const std::vector<Form> forms = [] {
    FormList list;
    add_moves(list);
    add_stack(list);
    add_arithmetic(list);
    add_bits(list);
    add_transfers(list);
    add_prefixed(list);
    add_short_addresses(list);
    add_modes(list);
    add_accesses_by_fs(list);
    add_encodings(list);
    return list.take();
  }();
  return forms;
}

}  // namespace fiberproof::verify
