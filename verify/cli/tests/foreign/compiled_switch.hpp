// Functions with a switch, as a compiler emits them, and files of them.
#pragma once

#include "verify/cli/tests/foreign/assembled_file.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace fiberproof::verify {

// A switch as Cranelift emits it, in the registers that it was given, and one defect in it.
struct Switch {
  std::string load = "%rdx";
  std::string store = "%rsi";
  std::string spare = "%rax";
  std::string address = "%rcx";
  std::map<std::string, std::string> changed = {};  // an instruction, and what stands in its place

  std::string text() const {
    const std::string instructions[] = {
        "movq (LOAD), SPARE",       // as at 0
        "movq %rsp, (STORE)",       //
        "movq SPARE, %rsp",         //
        "movq 8(LOAD), SPARE",      //
        "movq %rbp, 8(STORE)",      //
        "movq SPARE, %rbp",         //
        "movq 16(LOAD), SPARE",     //
        "leaq 9f(%rip), ADDRESS",   //
        "movq ADDRESS, 16(STORE)",  //
        "jmp *SPARE",
    };
    std::string all;
    for (const std::string& instruction : instructions) {
      const auto other = changed.find(instruction);
      all += other == changed.end() ? instruction : other->second;
      all += "\n";
    }
    const std::pair<const char*, std::string> operands[] = {
        {"LOAD", load}, {"STORE", store}, {"SPARE", spare}, {"ADDRESS", address}};
    for (const auto& [word, operand] : operands) {
      for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at)) {
        all.replace(at, std::string_view(word).size(), operand);
      }
    }
    return all + "9:\n";
  }
};

// A function that saves what its caller owns, switches, and returns.
inline std::string function(const std::string& name, const std::string& body,
                            const std::string& behind = "shrq $32, %rdi\nmovq %rdi, %rax\n") {
  const std::string begin =
      "pushq %rbp\nmovq %rsp, %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n";
  const std::string end = "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n";
  return ".text\n.globl " + name + "\n.type " + name + ", @function\n" + name + ":\n" + begin +
         body + behind + end + ".size " + name + ", . - " + name + "\n";
}

// Marks the file as a module of Cranelift, which keeps nothing in a register over a switch.
inline constexpr const char* of_cranelift = ".section .wasmtime.engine, \"a\"\n.byte 1\n";

class CompiledSwitches : public AssembledFiles {
 protected:
  Outcome search(const std::string& source) const { return prove(assemble("module", source), {}); }
};

}  // namespace fiberproof::verify
