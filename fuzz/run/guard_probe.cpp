#include "fuzz/run/guard_probe.hpp"

#include "core/alternate_stack.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>

namespace fiberproof::fuzz {
namespace {

// The one access that may fault, and where to continue after the fault.
volatile std::uint64_t access_address;
volatile std::uint64_t resume_address;
volatile std::uint64_t fault_address;

/// Skips the access; any other fault happens again, with the default action.
FIBERPROOF_UNINSTRUMENTED void skip_access(int signal, siginfo_t* information, void* context) {
  sanitizer_written(information, sizeof *information);
  sanitizer_written(context, sizeof(ucontext_t));
  auto& instruction = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  if (static_cast<std::uint64_t>(instruction) != access_address) {
    ::signal(signal, SIG_DFL);
    return;
  }
  fault_address = reinterpret_cast<std::uint64_t>(information->si_addr);
  instruction = static_cast<greg_t>(resume_address);
}

FIBERPROOF_UNINSTRUMENTED void read_byte(std::uint64_t address) {
  std::uint64_t scratch = 0;
  asm volatile(
      "lea 1f(%%rip), %[scratch]\n\t"
      "mov %[scratch], %[access]\n\t"
      "lea 2f(%%rip), %[scratch]\n\t"
      "mov %[scratch], %[resume]\n"
      "1:\tmovzbl (%[address]), %%eax\n"
      "2:"
      : [scratch] "=&r"(scratch), [access] "=m"(access_address), [resume] "=m"(resume_address)
      : [address] "r"(address)
      : "rax", "memory");
}

/// While it lives, the process survives a fault of that access.
class Survive {
 public:
  Survive() {
    thread_local AlternateStack alternate;
    struct sigaction action{};
    action.sa_sigaction = &skip_access;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (alternate.install() != 0 || ::sigaction(SIGSEGV, &action, &before_) != 0) {
      fmt::print(stderr, "fiberproof: the system refuses a handler for faults\n");
      std::exit(2);
    }
  }
  Survive(const Survive&) = delete;
  Survive& operator=(const Survive&) = delete;
  ~Survive() { ::sigaction(SIGSEGV, &before_, nullptr); }

  std::uint64_t fault_of_reading(std::uint64_t address) const {
    fault_address = 0;
    read_byte(address);
    return fault_address;
  }

 private:
  struct sigaction before_{};
};

}  // namespace

std::uint64_t fault_of_reading(std::uint64_t address) {
  return Survive().fault_of_reading(address);
}

std::optional<std::uint64_t> first_readable_page(std::uint64_t first, std::uint64_t end) {
  const Survive survive;
  for (std::uint64_t page = first; page < end; page += spec::page_bytes) {
    if (survive.fault_of_reading(page) != page) {
      return page;
    }
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz
