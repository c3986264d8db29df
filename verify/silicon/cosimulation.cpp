#include "verify/silicon/cosimulation.hpp"

#include "fuzz/oracle/hex.hpp"
#include "verify/silicon/byte_case.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

// The window's place, from the first byte of memory: around the border of its two pages, with
// room on both sides in which a stray write shows; or in part before memory or behind it, where an
// access faults.
constexpr std::size_t page_bytes = 4096;
constexpr std::int64_t window_on_border = page_bytes - window_bytes / 2;
constexpr std::int64_t window_over_begin = -static_cast<std::int64_t>(window_bytes / 2);
constexpr std::int64_t window_over_end = 2 * page_bytes - window_bytes / 2;
constexpr std::uint64_t one_over_an_end_in = 16;

constexpr std::array<std::string_view, 6> flag_names = {"cf", "pf", "af", "zf", "sf", "of"};

std::array<bool, 6> in_order(const Flags<bool>& flags) {
  return {flags.cf, flags.pf, flags.af, flags.zf, flags.sf, flags.of};
}

std::vector<std::string> describe(const CpuState& state) {
  std::vector<std::string> lines;
  for (std::size_t index = 0; index < register_count; ++index) {
    lines.push_back(
        fmt::format("{} = {:#x}", name(static_cast<Register>(index)), state.registers[index]));
  }
  const std::array<bool, 6> flags = in_order(state.flags);
  for (std::size_t index = 0; index < flags.size(); ++index) {
    lines.push_back(fmt::format("{} = {:d}", flag_names[index], flags[index]));
  }
  lines.push_back(fmt::format("mxcsr = {:#x}", state.modes.mxcsr));
  lines.push_back(fmt::format("x87_control = {:#x}", state.modes.x87_control));
  lines.push_back(fmt::format("df = {:d}", state.modes.df));
  return lines;
}

CpuState state_of(ConcreteCpu& machine) {
  CpuState state{};
  for (std::size_t index = 0; index < register_count; ++index) {
    state.registers[index] = machine.read(static_cast<Register>(index));
  }
  state.flags = machine.flags();
  state.modes = machine.modes();
  return state;
}

// The part of the window that lies in memory; `offset` may be below 0.
void place_window(const RandomCase& made, std::uint64_t offset, std::span<std::byte> memory) {
  for (std::size_t at = 0; at < made.window.size(); ++at) {
    if (offset + at < memory.size()) {
      memory[offset + at] = made.window[at];
    }
  }
}

// The model's answer where control went, in the CPU's terms.
struct Destination {
  NativeOutcome::Exit exit;
  std::uint64_t landing;
};

Destination destination(const Control<std::uint64_t, bool>& control) {
  using Exit = NativeOutcome::Exit;
  return std::visit(
      [](const auto& where) -> Destination {
        using Where = std::decay_t<decltype(where)>;
        if constexpr (std::is_same_v<Where, Next>) {
          return {Exit::next, 0};
        } else if constexpr (std::is_same_v<Where, Trap> || std::is_same_v<Where, SystemCall>) {
          return {Exit::trapped, 0};
        } else if constexpr (std::is_same_v<Where, Branch<bool>>) {
          return where.condition ? Destination{Exit::landed, where.taken}
                                 : Destination{Exit::next, 0};
        } else if constexpr (std::is_same_v<Where, Guarded<bool>>) {
          return {where.condition ? Exit::next : Exit::faulted, 0};
        } else {
          return {Exit::landed, where.target};
        }
      },
      control);
}

// Traps for another reason than an access.
bool faults(const Control<std::uint64_t, bool>& control) {
  return destination(control).exit == NativeOutcome::Exit::faulted;
}

std::string describe(NativeOutcome::Exit exit, std::uint64_t landing) {
  switch (exit) {
    case NativeOutcome::Exit::next: return "the next instruction";
    case NativeOutcome::Exit::landed: return fmt::format("{:#x}", landing);
    case NativeOutcome::Exit::trapped: return "a trap";
    case NativeOutcome::Exit::faulted: break;
  }
  return "a fault";
}

}  // namespace

struct Cosimulation::Run {
  const Instruction& instruction;
  const Control<std::uint64_t, bool>& control;
  ConcreteCpu& machine;
  const CpuState& native;
  const NativeOutcome& outcome;
};

std::string message(const Mismatch& mismatch) {
  return fmt::format(
      "{}: {} ({})\n  {}\n  before: {}\n  the CPU after: {}\n  the model after: {}\n",
      mismatch.origin, mismatch.instruction, mismatch.form, fmt::join(mismatch.differences, "\n  "),
      fmt::join(mismatch.inputs, ", "), fmt::join(mismatch.cpu_outputs, ", "),
      fmt::join(mismatch.model_outputs, ", "));
}

Cosimulation::Cosimulation(NativeCpu cpu, std::uint64_t seed, Model model)
    : cpu_(std::move(cpu)),
      seed_(seed),
      model_(std::move(model)),
      model_memory_(cpu_.memory().size()) {
  coverage_.forms.resize(all_forms().size());
}

Surroundings Cosimulation::surroundings(std::uint64_t choice) const {
  const std::int64_t offset = choice % one_over_an_end_in != 0       ? window_on_border
                              : choice / one_over_an_end_in % 2 == 0 ? window_over_begin
                                                                     : window_over_end;
  return {cpu_.instruction_address(), cpu_.landings(),
          cpu_.memory_address() + static_cast<std::uint64_t>(offset), NativeCpu::fs_base()};
}

std::optional<Mismatch> Cosimulation::run_case(std::uint64_t index) {
  const std::size_t number = index % all_forms().size();
  const Form& form = all_forms()[number];
  Mismatch mismatch{fmt::format("seed {} case {}", seed_, index), form.name, "", {}, {}, {}, {}};
  const Surroundings where = surroundings(index / all_forms().size());
  const auto made = make_case(form, where, seed_, index);
  if (!made) {
    mismatch.differences.push_back(made.error());
    return mismatch;
  }
  return run(*made, where, std::move(mismatch), coverage_.forms[number]);
}

std::optional<Mismatch> Cosimulation::run_encoding(std::uint64_t index) {
  const Surroundings where = surroundings(index);
  const auto made = make_encoding_case(where, seed_, index);
  if (!made) {
    return std::nullopt;
  }
  Mismatch mismatch{
      fmt::format("seed {} encoding {}", seed_, index), made->form, "", {}, {}, {}, {}};
  return run(*made, where, std::move(mismatch), coverage_.encodings);
}

std::optional<Mismatch> Cosimulation::run_bytes(std::span<const std::byte> bytes) {
  const bool has_first = !bytes.empty();
  const Surroundings where = surroundings(has_first ? std::to_integer<unsigned>(bytes[0]) >> 1 : 1);
  const auto made = make_case_of_bytes(where, bytes);
  Mismatch mismatch{
      fmt::format("{} bytes", bytes.size()), made ? made->form : "", "", {}, {}, {}, {}};
  if (!made) {
    mismatch.differences.push_back(made.error());
    return mismatch;
  }
  return run(*made, where, std::move(mismatch), coverage_.byte_strings);
}

std::optional<Mismatch> Cosimulation::run(const RandomCase& made, const Surroundings& where,
                                          Mismatch mismatch, std::uint64_t& counter) {
  const auto instruction = decode(cpu_.instruction_address(), made.code);
  if (!instruction || instruction->length != made.code.size()) {
    mismatch.instruction = fuzz::hex(made.code);
    mismatch.differences.push_back(instruction ? "decoded with another length"
                                               : "refused: " + message(instruction.error()));
    return mismatch;
  }

  place_window(made, where.window_address - cpu_.memory_address(), model_memory_);
  ConcreteCpu machine(cpu_.memory_address(), model_memory_);
  for (std::size_t reg = 0; reg < register_count; ++reg) {
    machine.write(static_cast<Register>(reg), made.state.registers[reg]);
  }
  machine.flags() = made.state.flags;
  machine.modes() = made.state.modes;
  machine.set_fs_base(where.fs_base);
  const auto control = model_(machine, *instruction);

  place_window(made, where.window_address - cpu_.memory_address(), cpu_.memory());
  CpuState native = made.state;
  const NativeOutcome outcome = cpu_.run(made.code, native);

  take_undefined_memory(machine);
  if (!control) {
    mismatch.differences.push_back("the model refuses: " + control.error().reason);
  } else {
    const Run both{*instruction, *control, machine, native, outcome};
    compare(both, mismatch.differences);
    count(both, counter);
  }
  if (machine.fault()) {  // where the CPU has written nothing, the model may have
    std::ranges::copy(cpu_.memory(), model_memory_.begin());
  }
  if (mismatch.differences.empty()) {
    return std::nullopt;
  }
  mismatch.instruction = fmt::format("{} [{}]", instruction->text, fuzz::hex(made.code));
  mismatch.inputs = describe(made.state);
  mismatch.cpu_outputs = describe(native);
  mismatch.model_outputs = describe(state_of(machine));
  std::ranges::fill(cpu_.memory(), std::byte{0});
  std::ranges::fill(model_memory_, std::byte{0});
  return mismatch;
}

// Bytes that an instruction leaves undefined are those of this CPU.
void Cosimulation::take_undefined_memory(const ConcreteCpu& machine) {
  if (!machine.undefined_memory() || machine.fault()) return;
  const auto& [address, bytes] = *machine.undefined_memory();
  const std::size_t from = address - cpu_.memory_address();
  std::ranges::copy(cpu_.memory().subspan(from, bytes),
                    model_memory_.begin() + static_cast<std::ptrdiff_t>(from));
}

void Cosimulation::compare(const Run& run, std::vector<std::string>& differences) {
  const auto differ = [&](std::string_view what, const auto& native, const auto& model) {
    differences.push_back(
        fmt::format("{}: the CPU has {:#x}, the model {:#x}", what, native, model));
  };
  if (const auto& fault = run.machine.fault()) {
    // After a fault the model's state means nothing; that the CPU faults, too, is the claim.
    if (run.outcome.exit != NativeOutcome::Exit::faulted) {
      differences.push_back(
          fmt::format("the model accesses {:#x}, outside memory, and the CPU goes to {}",
                      fault->address, describe(run.outcome.exit, run.outcome.landing)));
    }
    return;
  }
  if (faults(run.control)) {
    if (run.outcome.exit != NativeOutcome::Exit::faulted) {
      differences.push_back(fmt::format("the model faults, and the CPU goes to {}",
                                        describe(run.outcome.exit, run.outcome.landing)));
    }
    return;
  }
  for (std::size_t index = 0; index < register_count; ++index) {
    const auto reg = static_cast<Register>(index);
    if (run.native.registers[index] != run.machine.read(reg) && !run.machine.is_undefined(reg)) {
      differ(name(reg), run.native.registers[index], run.machine.read(reg));
    }
  }
  const std::array<bool, 6> native_flags = in_order(run.native.flags);
  const std::array<bool, 6> model_flags = in_order(run.machine.flags());
  for (std::size_t index = 0; index < flag_names.size(); ++index) {
    if (native_flags[index] != model_flags[index] &&
        !run.machine.is_undefined(static_cast<Flag>(index))) {
      differ(flag_names[index], unsigned{native_flags[index]}, unsigned{model_flags[index]});
    }
  }
  const Modes<std::uint64_t, bool>& native_modes = run.native.modes;
  const Modes<std::uint64_t, bool>& model_modes = run.machine.modes();
  if (native_modes.mxcsr != model_modes.mxcsr) {
    differ("mxcsr", native_modes.mxcsr, model_modes.mxcsr);
  }
  if (native_modes.x87_control != model_modes.x87_control) {
    differ("x87_control", native_modes.x87_control, model_modes.x87_control);
  }
  if (native_modes.df != model_modes.df) {
    differ("df", unsigned{native_modes.df}, unsigned{model_modes.df});
  }
  const std::span<const std::byte> native_memory = cpu_.memory();
  if (std::memcmp(native_memory.data(), model_memory_.data(), native_memory.size()) != 0) {
    for (std::size_t at = 0; at < native_memory.size(); ++at) {
      if (native_memory[at] != model_memory_[at]) {
        differ(fmt::format("byte at {:#x}", cpu_.memory_address() + at),
               static_cast<unsigned>(native_memory[at]), static_cast<unsigned>(model_memory_[at]));
      }
    }
  }
  const Destination expected = destination(run.control);
  if (expected.exit != run.outcome.exit || expected.landing != run.outcome.landing) {
    differences.push_back(fmt::format("control: the CPU goes to {}, the model to {}",
                                      describe(run.outcome.exit, run.outcome.landing),
                                      describe(expected.exit, expected.landing)));
  }
}

void Cosimulation::count(const Run& run, std::uint64_t& counter) {
  if (run.machine.fault() || faults(run.control)) {
    ++coverage_.faults;
    return;
  }
  const auto operation = static_cast<std::size_t>(run.instruction.operation);
  ++counter;
  ++coverage_.operations[operation];
  for (std::size_t flag = 0; flag < flag_names.size(); ++flag) {
    if (run.machine.is_undefined(static_cast<Flag>(flag))) {
      coverage_.undefined_flags[operation] |= 1u << flag;
    }
  }
  if (const auto* branch = std::get_if<Branch<bool>>(&run.control)) {
    ++coverage_.conditions[static_cast<std::size_t>(run.instruction.condition)]
                          [branch->condition ? 1 : 0];
  }
}

}  // namespace fiberproof::verify
