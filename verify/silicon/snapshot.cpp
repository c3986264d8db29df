#include "verify/silicon/snapshot.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

// RFLAGS (SDM vol. 1, 3.4.3).
bool bit(std::uint64_t rflags, unsigned position) {
  return ((rflags >> position) & 1) != 0;
}

constexpr unsigned direction_flag = 10;

}  // namespace

Snapshot snapshot_of(const TracedProcess& process) {
  const user_regs_struct user = process.registers();
  const user_fpregs_struct floating = process.floating_point();
  const std::uint64_t flags = user.eflags;
  return {
      {user.rax, user.rcx, user.rdx, user.rbx, user.rsp, user.rbp, user.rsi, user.rdi, user.r8,
       user.r9, user.r10, user.r11, user.r12, user.r13, user.r14, user.r15},
      {bit(flags, 0), bit(flags, 2), bit(flags, 4), bit(flags, 6), bit(flags, 7), bit(flags, 11)},
      {floating.mxcsr, floating.cwd, bit(flags, direction_flag)},
      user.rip};
}

std::string text_of(const Snapshot& state) {
  std::string text = fmt::format("rip {:#x}", state.rip);
  for (std::size_t index = 0; index < register_count; ++index) {
    text += fmt::format(" {} {:#x}", name(static_cast<Register>(index)), state.registers[index]);
  }
  const Flags<bool>& flags = state.flags;
  text += fmt::format(" cf {:d} pf {:d} af {:d} zf {:d} sf {:d} of {:d}", flags.cf, flags.pf,
                      flags.af, flags.zf, flags.sf, flags.of);
  return text + fmt::format(" mxcsr {:#x} x87_control {:#x} df {:d}", state.modes.mxcsr,
                            state.modes.x87_control, state.modes.df);
}

}  // namespace fiberproof::verify
