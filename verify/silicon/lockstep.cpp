#include "verify/silicon/lockstep.hpp"

#include "verify/obligation/switch_sites.hpp"
#include "verify/process/traced_program.hpp"
#include "verify/silicon/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

constexpr std::string_view trampolines[] = {"fiberproof_continuation_start",
                                            "fiberproof_continuation_start_v44"};
constexpr std::string_view functions[] = {"fiberproof_caller_frame", "fiberproof_initialize"};
constexpr std::uint64_t window_bytes_each_side = 128;

// SPEC.md, T1: where RBP and RSP are on entry.
constexpr std::uint64_t rbp_below_top = 0x10;
constexpr std::uint64_t rsp_below_top = 0x40;
constexpr std::uint64_t value_bytes = 16;

// Where control goes, by the model.
std::optional<std::uint64_t> destination(const Control<std::uint64_t, bool>& control,
                                         std::uint64_t next) {
  return std::visit(
      [next](const auto& where) -> std::optional<std::uint64_t> {
        using Where = std::decay_t<decltype(where)>;
        if constexpr (std::is_same_v<Where, Next>) {
          return next;
        } else if constexpr (std::is_same_v<Where, Trap> || std::is_same_v<Where, SystemCall>) {
          return std::nullopt;
        } else if constexpr (std::is_same_v<Where, Branch<bool>>) {
          return where.condition ? where.taken : next;
        } else if constexpr (std::is_same_v<Where, Guarded<bool>>) {
          return where.condition ? std::optional(next) : std::nullopt;
        } else {
          return where.target;
        }
      },
      control);
}

// Bytes of the process around an address, as far as they are there.
struct Window {
  std::uint64_t address = 0;
  std::vector<std::byte> bytes;
};

Window window_around(const TracedProcess& process, std::uint64_t address) {
  for (const std::uint64_t side : {window_bytes_each_side, std::uint64_t{8}, std::uint64_t{0}}) {
    Window window{address - side, std::vector<std::byte>(2 * side + sizeof(std::uint64_t))};
    if (process.read(window.address, window.bytes)) {
      return window;
    }
  }
  return {address, {}};
}

class Lockstep {
 public:
  Lockstep(const LockstepModel& model, LockstepReport& report) : model_(model), report_(report) {}

  /// From the instruction that RIP is at to where control leaves its routine.
  std::expected<void, std::string> follow(TracedProcess& process, FollowedRoutine& routine) {
    Snapshot state = snapshot_of(process);
    const Snapshot entered = state;
    if (state.rip == routine.instructions.begin()->first) {
      ++routine.entries;
      note_entry(process, routine, state);
    }
    Snapshot last = state;
    while (routine.instructions.contains(state.rip)) {
      last = state;
      const Instruction& instruction = routine.instructions.at(state.rip);
      auto after = execute(process, instruction, state);
      if (!after) return std::unexpected(after.error());
      routine.executed.insert(state.rip);
      ++report_.instructions;
      state = *after;
    }
    note_end(process, routine, entered, last, state);
    return {};
  }

 private:
  std::expected<Snapshot, std::string> execute(TracedProcess& process,
                                               const Instruction& instruction,
                                               const Snapshot& before) {
    std::vector<std::byte> bytes(instruction.length);
    const bool is_there = process.read(before.rip, bytes);
    const auto running = decode(before.rip, bytes);
    if (!is_there || !running || running->text != instruction.text) {
      return std::unexpected(
          fmt::format("{:#x}: {} of the file is not what runs", before.rip, instruction.text));
    }
    const auto predicted = predict(process, instruction, before);
    if (!predicted) return std::unexpected(predicted.error());
    const Window beside = window_around(process, before.registers[rsp]);
    if (const auto done = process.step(); !done) {
      return std::unexpected(fmt::format("stopped by {} instead of its step", done.error()));
    }
    const Snapshot after = snapshot_of(process);
    compare(process, instruction, after, *predicted, beside);
    if (!report_.differences.empty()) {
      report_.differences.insert(
          report_.differences.begin(),
          {fmt::format("{:#x}: {}", before.rip, instruction.text), "before: " + text_of(before),
           "the CPU after: " + text_of(after), "the model after: " + text_of(predicted->state)});
      return std::unexpected("the CPU and the model differ");
    }
    return after;
  }

  struct Prediction {
    Snapshot state;
    unsigned undefined = 0;        // bit Flag
    std::optional<Window> access;  // memory around the access, as the model leaves it
    bool stores = false;
  };

  // The model has memory only around the one address that an instruction accesses: the first
  // attempt, without memory, says which that is.
  std::expected<Prediction, std::string> predict(const TracedProcess& process,
                                                 const Instruction& instruction,
                                                 const Snapshot& before) {
    Window window;
    for (unsigned attempt = 0; attempt < 2; ++attempt) {
      const Window unchanged = window;
      ConcreteCpu machine(window.address, window.bytes);
      for (std::size_t index = 0; index < register_count; ++index) {
        machine.write(static_cast<Register>(index), before.registers[index]);
      }
      machine.flags() = before.flags;
      machine.modes() = before.modes;
      const auto control = model_(machine, instruction);
      if (!control) return std::unexpected(control.error().reason);
      if (machine.fault()) {
        window = window_around(process, machine.fault()->address);
        continue;
      }
      Prediction made;
      for (std::size_t index = 0; index < register_count; ++index) {
        made.state.registers[index] = machine.read(static_cast<Register>(index));
      }
      made.state.flags = machine.flags();
      made.state.modes = machine.modes();
      for (unsigned flag = 0; flag < 6; ++flag) {
        made.undefined |= machine.is_undefined(static_cast<Flag>(flag)) ? 1u << flag : 0;
      }
      made.state.rip = destination(*control, instruction.next_address()).value_or(before.rip);
      made.stores = window.bytes != unchanged.bytes;
      if (!window.bytes.empty()) made.access = std::move(window);
      return made;
    }
    return std::unexpected(
        fmt::format("{}: the model accesses memory that is not there, or more "
                    "than one place",
                    instruction.text));
  }

  void compare(const TracedProcess& process, const Instruction& instruction, const Snapshot& after,
               const Prediction& predicted, const Window& beside) {
    const auto differ = [this](std::string_view what, std::uint64_t cpu, std::uint64_t model) {
      report_.differences.push_back(
          fmt::format("{}: the CPU has {:#x}, the model {:#x}", what, cpu, model));
    };
    for (std::size_t index = 0; index < register_count; ++index) {
      if (after.registers[index] != predicted.state.registers[index]) {
        differ(name(static_cast<Register>(index)), after.registers[index],
               predicted.state.registers[index]);
      }
    }
    const auto in_order = [](const Flags<bool>& flags) {
      return std::array<bool, 6>{flags.cf, flags.pf, flags.af, flags.zf, flags.sf, flags.of};
    };
    constexpr std::array<std::string_view, 6> names = {"cf", "pf", "af", "zf", "sf", "of"};
    for (std::size_t flag = 0; flag < names.size(); ++flag) {
      const bool cpu = in_order(after.flags)[flag];
      const bool model = in_order(predicted.state.flags)[flag];
      if (cpu != model && (predicted.undefined >> flag & 1) == 0) differ(names[flag], cpu, model);
    }
    const auto& [mxcsr, x87_control, df] = predicted.state.modes;
    if (after.modes.mxcsr != mxcsr) differ("mxcsr", after.modes.mxcsr, mxcsr);
    if (after.modes.x87_control != x87_control) {
      differ("x87_control", after.modes.x87_control, x87_control);
    }
    if (after.modes.df != df) differ("df", after.modes.df, df);
    if (after.rip != predicted.state.rip) differ("rip", after.rip, predicted.state.rip);
    compare_memory(process, instruction, predicted, beside);
    if (instruction.operation == Operation::call) {
      expect_word(process, after.registers[rsp], instruction.next_address());
    }
    report_.stored_words += predicted.stores ? 1 : 0;
  }

  // What the access changes, and that nothing else around RSP changes.
  void compare_memory(const TracedProcess& process, const Instruction& instruction,
                      const Prediction& predicted, const Window& beside) {
    const auto expected_byte = [&](std::uint64_t address, std::byte unchanged) {
      if (!predicted.access) return unchanged;
      const std::uint64_t offset = address - predicted.access->address;
      return offset < predicted.access->bytes.size() ? predicted.access->bytes[offset] : unchanged;
    };
    for (const Window* const window : {&beside, predicted.access ? &*predicted.access : &beside}) {
      std::vector<std::byte> now(window->bytes.size());
      if (!process.read(window->address, now)) continue;
      for (std::size_t at = 0; at < now.size(); ++at) {
        const std::byte expected = expected_byte(window->address + at, window->bytes[at]);
        if (now[at] != expected) {
          report_.differences.push_back(
              fmt::format("byte at {:#x}: the CPU has {:#x}, the model {:#x} ({})",
                          window->address + at, std::to_integer<unsigned>(now[at]),
                          std::to_integer<unsigned>(expected), instruction.text));
          return;
        }
      }
    }
  }

  void expect_word(const TracedProcess& process, std::uint64_t address, std::uint64_t expected) {
    if (word_at(process, address) != expected) {
      report_.differences.push_back(
          fmt::format("word at {:#x}: the CPU has {:#x}, a call pushes {:#x}", address,
                      word_at(process, address), expected));
    }
  }

  static std::uint64_t word_at(const TracedProcess& process, std::uint64_t address) {
    std::uint64_t word = 0;
    const bool is_there = process.read(address, std::as_writable_bytes(std::span(&word, 1)));
    return is_there ? word : 0;
  }

  static bool is_trampoline(const FollowedRoutine& routine) {
    return std::ranges::find(trampolines, routine.name) != std::end(trampolines);
  }

  void note_entry(const TracedProcess& process, const FollowedRoutine& routine,
                  const Snapshot& state) {
    if (!is_trampoline(routine)) return;
    const std::uint64_t top = state.registers[rbp] + rbp_below_top;
    open_[{process.id(), top}] = {(top - rsp_below_top - state.registers[rsp]) / value_bytes,
                                  word_at(process, state.registers[rbp] - sizeof(std::uint64_t))};
  }

  // `last` is the state before the instruction that left the routine: RBP may be the parent's then.
  void note_end(const TracedProcess& process, const FollowedRoutine& routine,
                const Snapshot& entered, const Snapshot& last, const Snapshot& state) {
    const auto begun = open_.find({process.id(), entered.registers[rbp] + rbp_below_top});
    const bool is_call = routine.instructions.at(last.rip).operation == Operation::call;
    if (!is_trampoline(routine) || begun == open_.end() || is_call) return;
    report_.runs.push_back({routine.name, begun->second.values, state.registers[rdi],
                            state.registers[rsp] != begun->second.parent_rsp});
    open_.erase(begun);
  }

  static constexpr auto rsp = static_cast<std::size_t>(Register::rsp);
  static constexpr auto rbp = static_cast<std::size_t>(Register::rbp);
  static constexpr auto rdi = static_cast<std::size_t>(Register::rdi);

  struct Begun {
    std::uint64_t values;
    std::uint64_t parent_rsp;
  };

  const LockstepModel& model_;
  LockstepReport& report_;
  std::map<std::pair<pid_t, std::uint64_t>, Begun> open_;  // by process and TOS
};

std::expected<FollowedRoutine, std::string> followed(const Routine& routine, std::uint64_t bias) {
  FollowedRoutine made{routine.symbol, routine.address, {}, {}, 0};
  for (std::size_t offset = 0; offset < routine.bytes.size();) {
    auto instruction =
        decode(bias + routine.address + offset, std::span(routine.bytes).subspan(offset));
    if (!instruction) return std::unexpected(message(instruction.error()));
    offset += instruction->length;
    const std::uint64_t address = instruction->address;
    made.instructions.emplace(address, std::move(*instruction));
  }
  return made;
}

// Where control may come in: at the beginning, and after each call.
std::vector<std::uint64_t> entries_of(const FollowedRoutine& routine) {
  std::vector<std::uint64_t> entries{routine.instructions.begin()->first};
  for (const auto& [address, instruction] : routine.instructions) {
    if (instruction.operation == Operation::call) entries.push_back(instruction.next_address());
  }
  return entries;
}

}  // namespace

std::expected<std::vector<Routine>, std::string> followed_routines(const ObjectFile& file) {
  auto routines = switch_sites(file, "fiberproof_switch_sites");
  if (!routines) return routines;
  for (const auto& names : {trampolines, functions}) {
    for (const std::string_view name : std::span(names, 2)) {
      auto routine = file.routine(name);
      if (!routine) return std::unexpected(message(routine.error()));
      routines->push_back(std::move(*routine));
    }
  }
  return routines;
}

std::expected<LockstepReport, std::string> run_in_lockstep(
    const std::vector<std::string>& arguments, const LockstepModel& model) {
  const auto file = ObjectFile::open(arguments.at(0));
  if (!file) return std::unexpected(message(file.error()));
  const auto routines = followed_routines(*file);
  if (!routines) return std::unexpected(routines.error());
  auto program = TracedProgram::start(arguments);
  if (!program) return std::unexpected(program.error());
  std::uint64_t bias = 0;
  if (file->is_position_independent()) {
    const auto found = program->load_bias(arguments[0]);
    if (!found) return std::unexpected(found.error());
    bias = *found;
  }

  LockstepReport report;
  for (const Routine& routine : *routines) {
    auto made = followed(routine, bias);
    if (!made) return std::unexpected(made.error());
    report.routines.push_back(std::move(*made));
  }
  std::map<std::uint64_t, FollowedRoutine*> by_entry;
  std::vector<std::uint64_t> breakpoints;
  for (FollowedRoutine& routine : report.routines) {
    for (const std::uint64_t entry : entries_of(routine)) {
      by_entry.emplace(entry, &routine);
      breakpoints.push_back(entry);
    }
  }
  Lockstep lockstep(model, report);
  const auto status = program->run(breakpoints, [&](TracedProcess& process, std::uint64_t address) {
    return lockstep.follow(process, *by_entry.at(address));
  });
  if (!status && report.differences.empty()) return std::unexpected(status.error());
  report.exit_status = status.value_or(0);
  return report;
}

}  // namespace fiberproof::verify
