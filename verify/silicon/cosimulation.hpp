// Runs one instruction twice, by step() on numbers and on this CPU, and compares everything: all
// registers, each flag that the SDM defines, the modes, every byte of memory, and where control
// went.
#pragma once

#include "verify/silicon/form.hpp"
#include "verify/silicon/native_cpu.hpp"
#include "verify/silicon/random_case.hpp"
#include "verify/x86/concrete_cpu.hpp"
#include "verify/x86/step.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The semantics that are compared with the CPU: step<ConcreteCpu>, or in a test spoilt ones.
using Model = std::function<std::expected<Control<std::uint64_t, bool>, StepError>(
    ConcreteCpu&, const Instruction&)>;

struct Mismatch {
  std::string origin;  // what makes the case again
  std::string form;
  std::string instruction;               // disassembly and bytes
  std::vector<std::string> inputs;       // registers and flags before
  std::vector<std::string> differences;  // "WHAT: the CPU has A, the model B"
  std::vector<std::string> cpu_outputs;  // registers and flags after
  std::vector<std::string> model_outputs;
};

/// Several lines: what ran, on what, and what differs.
std::string message(const Mismatch& mismatch);

struct Coverage {
  std::vector<std::uint64_t> forms;                           // cases, by number in all_forms()
  std::uint64_t encodings = 0;                                // cases of random bytes
  std::uint64_t byte_strings = 0;                             // cases of run_bytes
  std::uint64_t faults = 0;                                   // cases that fault, as they must
  std::array<std::uint64_t, operation_count> operations{};    // cases
  std::array<std::array<std::uint64_t, 2>, 16> conditions{};  // jcc not taken, taken
  std::array<unsigned, operation_count> undefined_flags{};    // bit Flag: left undefined by a case
};

class Cosimulation {
 public:
  Cosimulation(NativeCpu cpu, std::uint64_t seed, Model model = step<ConcreteCpu>);

  /// Case number `index` of the seed; nothing if both agree.
  std::optional<Mismatch> run_case(std::uint64_t index);

  /// The same for random bytes instead of a form, wherever decode() accepts them.
  std::optional<Mismatch> run_encoding(std::uint64_t index);

  /// The case that the bytes stand for (byte_case.hpp).
  std::optional<Mismatch> run_bytes(std::span<const std::byte> bytes);

  const Coverage& coverage() const { return coverage_; }

 private:
  struct Run;

  Surroundings surroundings(std::uint64_t choice) const;
  std::optional<Mismatch> run(const RandomCase& made, const Surroundings& where, Mismatch mismatch,
                              std::uint64_t& counter);
  void take_undefined_memory(const ConcreteCpu& machine);
  void compare(const Run& run, std::vector<std::string>& differences);
  void count(const Run& run, std::uint64_t& counter);

  NativeCpu cpu_;
  std::uint64_t seed_;
  Model model_;
  std::vector<std::byte> model_memory_;
  Coverage coverage_;
};

}  // namespace fiberproof::verify
