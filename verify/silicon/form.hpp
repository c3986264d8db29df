// The instruction forms that are compared with the CPU: every operation of the allow list, with
// every kind of operand and width that it takes. A form says what the operands are like;
// random_case.hpp fills them with values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct OperandForm {
  enum class Kind : std::uint8_t {
    reg,
    memory,
    address,    // a memory operand that is not accessed: lea's
    immediate,  // sign-extended from at most 32 bits
    immediate64,
    count,           // of a shift: any byte
    cl,              // the same in CL
    near_target,     // a landing place, 8-bit distance
    far_target,      // a landing place, 32-bit distance
    landing_reg,     // a register that holds a landing place
    landing_memory,  // memory that holds one
    mxcsr_memory,    // memory that holds a value for MXCSR, one in eight with reserved bits
    short_memory,    // by an address of 32 bits (prefix 67)
    short_landing_memory,
    short_address,
    fs_memory  // behind prefix 64
  };
  Kind kind;
  std::uint8_t bytes;
};

struct Form {
  std::string name;
  std::uint16_t mnemonic;  // Zydis's number; 0 where `encoding` is given
  std::vector<OperandForm> operands;
  std::vector<std::uint8_t> prefixes;  // put before what the encoder makes
  std::vector<std::uint8_t> encoding;
  bool uses_stack;  // RSP, or RBP for leave, must point into memory
  bool returns;     // what RSP points to must be a landing place
};

const std::vector<Form>& all_forms();

}  // namespace fiberproof::verify
