#include "verify/mutation/bytes/native_probe.hpp"

#include "fuzz/generate/random.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/user.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t stack_top = 0x3000'0000;
constexpr std::uint64_t stack_bytes = 0x1'0000;
constexpr std::uint64_t contexts = 0x3100'0000;
constexpr std::uint64_t store_context = contexts + page_bytes / 2;
constexpr unsigned steps_max = 64;

// SPEC.md's numbers.
constexpr std::uint64_t trap_payload = std::uint64_t{4} << 32;

struct Mapping {
  std::uint64_t address;
  std::uint64_t bytes;
  int protection;
};
constexpr Mapping mappings[] = {
    {probed_code_address, page_bytes, PROT_READ | PROT_WRITE | PROT_EXEC},
    {stack_top - stack_bytes, stack_bytes, PROT_READ | PROT_WRITE},
    {contexts, page_bytes, PROT_READ | PROT_WRITE},
};

bool map_all() {
  return std::ranges::all_of(mappings, [](const Mapping& mapping) {
    void* const place = reinterpret_cast<void*>(mapping.address);
    return ::mmap(place, mapping.bytes, mapping.protection,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == place;
  });
}

// Neither as a program has them at its start: all exceptions masked, round down, flush to zero;
// round down, 53 bits.
constexpr std::uint32_t mxcsr_control = 0xbf80;
constexpr std::uint16_t x87_control = 0x67f;
constexpr std::uint64_t direction_flag = 1 << 10;

using Memory = std::vector<std::uint64_t>;

// The child, as one run sees it.
class Run {
 public:
  Run(TracedProcess child, std::uint64_t end, std::uint64_t seed)
      : child_(child), end_(end), random_(seed), user_(child.registers()) {
    user_.rip = probed_code_address;
    user_.orig_rax = ~0ull;  // no system call to restart
    for (auto* const reg : {&user_.rax, &user_.rbx, &user_.rcx, &user_.rdx, &user_.rsi, &user_.rdi,
                            &user_.rbp, &user_.rsp, &user_.r8, &user_.r9, &user_.r10, &user_.r11,
                            &user_.r12, &user_.r13, &user_.r14, &user_.r15}) {
      *reg = word();
    }
    forget_flags();
    user_.eflags &= ~direction_flag;  // psABI 3.2.1
    user_fpregs_struct floating = child_.floating_point();
    floating.mxcsr = mxcsr_control;
    floating.cwd = x87_control;
    child_.set_floating_point(floating);
  }

  /// The modes that the run began with.
  void expect_modes() {
    const user_fpregs_struct floating = child_.floating_point();
    expect("S4 preserves_mxcsr_control", floating.mxcsr & mxcsr_control_bits, mxcsr_control);
    expect("S4 preserves_x87_control", floating.cwd, x87_control);
    expect("S4 preserves_df", user_.eflags & direction_flag, 0);
  }

  /// The status flags are any.
  void forget_flags() {
    constexpr std::uint64_t status_flags = 0x8d5;  // SDM vol. 1, 3.4.3.1
    user_.eflags = (user_.eflags & ~status_flags) | (word() & status_flags);
  }

  user_regs_struct& user() { return user_; }
  /// 47 bits: canonical addresses, no two alike.
  std::uint64_t word() { return random_.next() >> 17; }

  Memory random_memory(std::uint64_t bytes) {
    Memory memory(bytes / 8);
    std::ranges::generate(memory, [this] { return word(); });
    return memory;
  }
  void write(std::uint64_t address, const Memory& memory) {
    if (!child_.write(address, std::as_bytes(std::span(memory)))) {
      violated.push_back(fmt::format("no memory at {:#x}", address));
    }
  }
  Memory read(std::uint64_t address, std::uint64_t bytes) {
    Memory memory(bytes / 8);
    if (!child_.read(address, std::as_writable_bytes(std::span(memory)))) {
      violated.push_back(fmt::format("no memory at {:#x}", address));
    }
    return memory;
  }

  /// Steps until control leaves the code; false, with the claim violated, where it faults first.
  bool go() {
    child_.set_registers(user_);
    for (unsigned count = 0; count < steps_max; ++count) {
      const auto stepped = child_.step();
      user_ = child_.registers();
      if (!stepped) {
        violated.push_back(
            fmt::format("every_path_leaves: {} at {:#x}", stepped.error(), user_.rip));
        return false;
      }
      if (user_.rip < probed_code_address || user_.rip >= end_) return true;
    }
    violated.push_back("every_path_leaves: it runs on");
    return false;
  }

  void expect(const char* claim, std::uint64_t found, std::uint64_t expected) {
    if (found != expected) {
      violated.push_back(fmt::format("{}: found {:#x}, expected {:#x}", claim, found, expected));
    }
  }
  void expect_unchanged(const char* claim, std::uint64_t address, const Memory& expected) {
    const Memory now = read(address, expected.size() * 8);
    for (std::size_t index = 0; index < now.size(); ++index) {
      if (now[index] != expected[index]) {
        violated.push_back(fmt::format("{}: the word at {:#x} is {:#x}, expected {:#x}", claim,
                                       address + 8 * index, now[index], expected[index]));
        return;
      }
    }
  }

  std::vector<std::string> violated;

 private:
  TracedProcess child_;
  std::uint64_t end_;
  fuzz::Random random_;
  user_regs_struct user_;
};

std::uint64_t& word_at(Memory& stack, std::uint64_t address) {
  return stack[(address - (stack_top - stack_bytes)) / 8];
}

}  // namespace

std::expected<NativeProbe, std::string> NativeProbe::start(std::span<const std::byte> code) {
  auto child = TracedCopy::start(map_all);
  if (!child) return std::unexpected("no child to probe code in: " + child.error());
  if (!child->process().write(probed_code_address, code)) {
    return std::unexpected("no code in the child that probes it");
  }
  return NativeProbe(std::move(*child), probed_code_address + code.size());
}

std::vector<std::string> NativeProbe::run_trampoline(const TrampolineState& state) {
  Run run(child_.process(), end_, state.seed);
  const std::uint64_t s = 16 * state.n;
  const std::uint64_t entry_rsp = stack_top - 0x40 - s;
  Memory stack = run.random_memory(stack_bytes);
  word_at(stack, entry_rsp) &= 0xffff'ffff;  // L2: the count is a u32, zero-extended
  run.write(stack_top - stack_bytes, stack);
  run.user().rsp = entry_rsp;
  run.user().rbp = stack_top - 0x10;
  if (!run.go()) return run.violated;

  if (run.user().rip != probed_callee_address) {
    run.violated.push_back("every_call_is_made: it leaves without");
    return run.violated;
  }
  const std::uint64_t return_address_at = stack_top - 0x28 - s;
  run.expect("T2 return_value_count", run.user().rcx, word_at(stack, entry_rsp));
  run.expect("T2 args", run.user().rdx, word_at(stack, entry_rsp + 8));
  run.expect("T2 caller_vmctx", run.user().rsi, word_at(stack, entry_rsp + 16));
  run.expect("T2 func_ref", run.user().rdi, word_at(stack, entry_rsp + 24));
  run.expect("T2 rsp_is_below_the_buffer", run.user().rsp, return_address_at);
  run.expect("T3 rbp_links_the_chain", run.user().rbp, stack_top - 0x10);
  run.expect_modes();
  const std::uint64_t back_to = run.read(run.user().rsp & ~std::uint64_t{7}, 8).front();
  word_at(stack, return_address_at) = back_to;
  run.expect_unchanged("T6 modifies", stack_top - stack_bytes, stack);

  // fiber_start has returned: all but what it keeps is another.
  stack = run.random_memory(stack_bytes);
  run.write(stack_top - stack_bytes, stack);
  for (auto* const lost : {&run.user().rcx, &run.user().rdx, &run.user().rsi, &run.user().rdi,
                           &run.user().r8, &run.user().r9, &run.user().r10, &run.user().r11}) {
    *lost = run.word();
  }
  run.forget_flags();
  run.user().rax = state.al;
  run.user().rsp += 8;
  run.user().rip = back_to;
  if (!run.go()) return run.violated;
  if (run.user().rip == probed_callee_address) {
    run.violated.push_back("every_call_is_made: it calls once more");
    return run.violated;
  }
  const bool succeeded = (state.al & 0xff) != 0;
  run.expect("T4 rip_is_the_parents", run.user().rip, word_at(stack, stack_top - 0x08));
  run.expect("T4 rsp_is_the_parents", run.user().rsp, word_at(stack, stack_top - 0x18));
  run.expect("T4 rbp_is_the_parents", run.user().rbp, word_at(stack, stack_top - 0x10));
  run.expect_modes();
  run.expect("T5 payload", run.user().rdi, state.is_v44 || succeeded ? 0 : trap_payload);
  run.expect_unchanged("T6 modifies", stack_top - stack_bytes, stack);
  return run.violated;
}

std::vector<std::string> NativeProbe::run_switch(const SwitchState& state) {
  Run run(child_.process(), end_, state.seed);
  const std::uint64_t load = store_context + static_cast<std::uint64_t>(state.load_from_store);
  const Memory before = run.random_memory(page_bytes);
  run.write(contexts, before);
  const std::uint64_t old_rsp = run.user().rsp;
  const std::uint64_t old_rbp = run.user().rbp;
  const std::uint64_t old_rdi = run.user().rdi;
  // Words that lie across two of the random ones must be canonical, too: those are as they are.
  run.user().rsi = load;
  run.user().rdx = store_context;
  std::uint64_t loaded[3];
  std::memcpy(loaded, reinterpret_cast<const std::byte*>(before.data()) + (load - contexts),
              sizeof loaded);
  loaded[2] &= 0x7fff'ffff'ffff;
  Memory prepared = before;
  std::memcpy(reinterpret_cast<std::byte*>(prepared.data()) + (load - contexts), loaded,
              sizeof loaded);
  run.write(contexts, prepared);
  if (!run.go()) return run.violated;

  run.expect("S1 rsp_is_loaded", run.user().rsp, loaded[0]);
  run.expect("S1 rbp_is_loaded", run.user().rbp, loaded[1]);
  run.expect("S1 rip_is_loaded", run.user().rip, loaded[2]);
  run.expect("S3 payload_is_handed_over", run.user().rdi, old_rdi);
  run.expect_modes();
  Memory after = prepared;
  const std::uint64_t stored[3] = {old_rsp, old_rbp, end_};
  std::memcpy(reinterpret_cast<std::byte*>(after.data()) + (store_context - contexts), stored,
              sizeof stored);
  run.expect_unchanged("S1 and S2, what is stored", contexts, after);
  return run.violated;
}

}  // namespace fiberproof::verify
