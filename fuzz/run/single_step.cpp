#include "fuzz/run/single_step.hpp"

#include "core/alternate_stack.hpp"
#include "core/machine_code.hpp"
#include "core/sanitizer.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <ucontext.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

// SDM volume 1, 3.4.3: with TF set, a debug exception follows each instruction; the first one, that
// after the instruction behind POPF: the jump. That the flags are changed does no harm: neither a
// start nor a return has any to pass on.
#define SET_TRAP_FLAG_AND_GO_ON(name, target)                  \
  ".pushsection .text.fiberproof_probe, \"ax\", @progbits\n\t" \
  ".intel_syntax noprefix\n\t"                                 \
  ".globl " name                                               \
  "\n\t"                                                       \
  ".type " name ", @function\n" name                           \
  ":\n\t"                                                      \
  ".cfi_startproc\n\t"                                         \
  "pushfq\n\t"                                                 \
  "or qword ptr [rsp], %c[trap_flag]\n\t"                      \
  "popfq\n\t"                                                  \
  "jmp [rip + " target                                         \
  "]\n\t"                                                      \
  ".cfi_endproc\n\t"                                           \
  ".size " name ", . - " name                                  \
  "\n\t"                                                       \
  ".att_syntax prefix\n\t"                                     \
  ".popsection\n\t"

namespace fiberproof::fuzz {

std::uint64_t fiberproof_step_start_target;
std::uint64_t fiberproof_step_return_target;

namespace {

constexpr greg_t trap_flag = 1 << 8;

void (*handle_stop)(const Stop& stop);

[[gnu::used, gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void emit_detours() {
  asm volatile(
      SET_TRAP_FLAG_AND_GO_ON("fiberproof_step_from_start", "fiberproof_step_start_target")
          SET_TRAP_FLAG_AND_GO_ON("fiberproof_step_from_return", "fiberproof_step_return_target")
      :
      : [trap_flag] "i"(trap_flag));
}

bool is_in_a_routine(std::uint64_t address) {
  const auto routines = routine_bytes();
  const auto first = reinterpret_cast<std::uint64_t>(routines.data());
  return address >= first && address < first + routines.size();
}

FIBERPROOF_UNINSTRUMENTED void on_trap(int signal, siginfo_t* information, void* context) {
  sanitizer_written(information, sizeof *information);
  sanitizer_written(context, sizeof(ucontext_t));
  auto& words = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if ((words[REG_EFL] & trap_flag) == 0) {
    ::signal(signal, SIG_DFL);  // Not ours: it happens again, or has been sent in vain.
    return;
  }
  const int interrupted_errno = errno;
  const Stop stop{static_cast<std::uint64_t>(words[REG_RSP]),
                  static_cast<std::uint64_t>(words[REG_RBP]),
                  static_cast<std::uint64_t>(words[REG_RIP])};
  if (is_in_a_routine(stop.rip)) {
    handle_stop(stop);
  } else {
    words[REG_EFL] &= ~trap_flag;
  }
  errno = interrupted_errno;
}

}  // namespace

void handle_single_steps(void (*at_instruction)(const Stop& stop)) {
  handle_stop = at_instruction;
  thread_local AlternateStack alternate;
  struct sigaction action{};
  action.sa_sigaction = &on_trap;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  if (alternate.install() != 0 || ::sigaction(SIGTRAP, &action, nullptr) != 0) {
    fmt::print(stderr, "fiberproof: the system refuses a handler for single steps\n");
    std::exit(2);
  }
}

}  // namespace fiberproof::fuzz
