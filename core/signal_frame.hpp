// The frame that the kernel puts on a stack for a signal: how large it is, and how much of the
// alternate stack one has left. With AVX-512 it takes about 3.4 KiB, with AMX 11 KiB.
#pragma once

#include <signal.h>
#include <ucontext.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fiberproof {

/// Below RSP, which a signal leaves alone (psABI 3.2.2).
inline constexpr std::uint64_t red_zone_bytes = 128;

/// The most that a frame like that of `context` takes on the stack that is interrupted: red zone,
/// state of the floating-point unit, and the rest of the kernel's struct rt_sigframe, each aligned
/// to 64 at most (arch/x86/kernel/signal.c).
inline std::uint64_t signal_frame_bytes_max(const ucontext_t& context) {
  constexpr std::uint64_t rest_bytes = 8 + 304 + sizeof(siginfo_t);  // return address, ucontext
  constexpr std::uint64_t alignment = 64;
  // In the bytes that FXSAVE leaves to software: struct _fpx_sw_bytes (asm/sigcontext.h).
  constexpr std::size_t software_bytes_offset = 464;
  constexpr std::uint32_t magic = 0x46505853;
  std::uint64_t state_bytes = sizeof(struct _libc_fpstate);
  if (context.uc_mcontext.fpregs != nullptr) {
    std::array<std::uint32_t, 2> words{};  // the magic number, and how large the state is
    std::memcpy(words.data(),
                reinterpret_cast<const char*>(context.uc_mcontext.fpregs) + software_bytes_offset,
                sizeof words);
    state_bytes = words[0] == magic ? words[1] : state_bytes;
  }
  return red_zone_bytes + state_bytes + rest_bytes + 3 * alignment;
}

/// The report's share of the alternate stack, with the walk that it makes.
inline constexpr std::uint64_t report_bytes_max = 4 * 1024;

/// Bytes below the calling frame where that is on the thread's alternate stack, as it was when the
/// signal of `context` came; else no bound.
inline std::uint64_t room_on_alternate_stack(const ucontext_t& context) {
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  const auto lowest = reinterpret_cast<std::uint64_t>(context.uc_stack.ss_sp);
  const bool is_there = here >= lowest && here < lowest + context.uc_stack.ss_size;
  return is_there ? here - lowest : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace fiberproof
