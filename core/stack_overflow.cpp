#include "core/stack_overflow.hpp"

#include "core/alternate_stack.hpp"
#include "core/sanitizer.hpp"
#include "core/signal_safe_text.hpp"
#include "core/store.hpp"
#include "core/walk.hpp"

#include <signal.h>
#include <ucontext.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

// From the linker: where this program begins in memory, and where its code ends.
extern "C" const char __executable_start[];
extern "C" const char etext[];

namespace fiberproof {
namespace {

struct Registers {
  std::uint64_t rip;
  std::uint64_t rsp;
  std::uint64_t rbp;
};

Registers interrupted_registers(const void* context) {
  const auto& words = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  return {static_cast<std::uint64_t>(words[REG_RIP]), static_cast<std::uint64_t>(words[REG_RSP]),
          static_cast<std::uint64_t>(words[REG_RBP])};
}

/// A record keeps its stack when its continuation has ended, but that has no more to overrun then.
bool is_in_guard_page(const Continuation& continuation, std::uint64_t address) {
  if (continuation.state >= State::returned || continuation.stack == nullptr) {
    return false;
  }
  const auto [first, end] = continuation.stack->guard_page();
  return address >= first && address < end;
}

/// Whether code with these registers runs on the continuation's stack, or has just left it below.
bool runs_on(const Continuation& continuation, const Registers& registers) {
  const std::uint64_t lowest = continuation.stack->guard_page().first;
  const std::uint64_t top = continuation.stack->bounds().top;
  const auto is_within = [&](std::uint64_t address) { return address >= lowest && address < top; };
  return is_within(registers.rsp) || is_within(registers.rbp);
}

/// Whose guard page was hit, and how many continuations its store has.
struct Owner {
  const Continuation* continuation = nullptr;
  std::uint64_t live_count = 0;
};

/// Whose guard page has `address`, among the continuations of all stores that this thread entered.
Owner owner_of_guard_page(std::uint64_t address) {
  for (const Entry* entry = Entry::innermost_of_thread(); entry != nullptr;
       entry = entry->outer_of_thread()) {
    for (const Continuation& continuation : entry->store().records()) {
      if (is_in_guard_page(continuation, address)) {
        return {&continuation, entry->store().live_count()};
      }
    }
  }
  return {};
}

/// Continuations from this one outward to the initial stack; 0 where its chain does not end there.
std::uint64_t depth_of(const Owner& owner) {
  const StackRecord* stack = owner.continuation;
  std::uint64_t depth = 0;
  while (stack != nullptr && !stack->initial && depth < owner.live_count) {
    stack = static_cast<const Continuation*>(stack)->parent;
    ++depth;
  }
  return stack != nullptr && stack->initial ? depth : 0;
}

void say_whose(SignalSafeText& text, const Owner& owner, bool overflow) {
  text << "fiberproof: C8: ";
  text << (overflow ? "stack overflow of " : "access from elsewhere to the guard page of ");
  text << "continuation ";
  text.decimal(owner.continuation->id);
  if (const std::uint64_t depth = depth_of(owner); depth != 0) {
    text << ", ";
    text.decimal(depth) << " deep";
  } else {
    text << ", in no active chain";
  }
}

void say_where(SignalSafeText& text, const Continuation& continuation, std::uint64_t address,
               const Registers& registers) {
  const StackBounds bounds = continuation.stack->bounds();
  text << ": its ";
  text.decimal(bounds.usable_bytes) << " usable bytes end at ";
  text.hex(bounds.limit()) << ", access to ";
  text.hex(address) << " at rip ";
  text.hex(registers.rip) << ", rsp ";
  text.hex(registers.rsp) << "\n";
}

/// Lists frames, instruction by instruction: symbols would need the heap. Of a recursion, frames
/// with the same instruction share a line.
class FrameList {
 public:
  explicit FrameList(SignalSafeText& text) : text_(text) {}

  /// Returns whether there is room for more.
  bool add(std::uint64_t instruction) {
    if (times_ != 0 && instruction != instruction_) {
      end_line();
    }
    instruction_ = instruction;
    ++times_;
    return lines_ < lines_max;
  }

  void end_line() {
    if (times_ == 0 || lines_ == lines_max) {
      return;
    }
    text_ << "    #";
    text_.decimal(frames_) << " ";
    text_.hex(instruction_);
    const auto first = reinterpret_cast<std::uint64_t>(__executable_start);
    if (instruction_ >= first && instruction_ < reinterpret_cast<std::uint64_t>(etext)) {
      text_ << " (executable+";
      text_.hex(instruction_ - first) << ")";
    }
    if (times_ > 1) {
      text_ << ", ";
      text_.decimal(times_) << " times";
    }
    text_ << "\n";
    frames_ += std::exchange(times_, 0);
    ++lines_;
  }

 private:
  static constexpr std::size_t lines_max = 8;

  SignalSafeText& text_;
  std::uint64_t instruction_ = 0;
  std::uint64_t times_ = 0;   ///< frames of the line that is not written yet
  std::uint64_t frames_ = 0;  ///< on the lines before
  std::size_t lines_ = 0;
};

void list_innermost_frames(SignalSafeText& text, const Registers& registers) {
  const Frame first{registers.rip, registers.rbp, nullptr, Frame::Kind::exact};
  FrameList list(text);
  // Where the chain breaks the list ends, which is all that can be done about it here.
  [[maybe_unused]] const auto walked =
      walk_thread(first, [&list](const Frame& frame) { return list.add(frame.instruction); });
  list.end_line();
}

void report_guard_page_hit(std::uint64_t address, const Registers& registers) {
  const Owner owner = owner_of_guard_page(address);
  if (owner.continuation == nullptr) {
    return;
  }
  SignalSafeText text;
  say_whose(text, owner, runs_on(*owner.continuation, registers));
  say_where(text, *owner.continuation, address, registers);
  text.write_to_standard_error();
  list_innermost_frames(text, registers);
  text.write_to_standard_error();
}

// What was there before, by the signal. Written before the handler is installed, and never again.
struct Previous {
  int signal;
  struct sigaction action;
};
std::array<Previous, 2> previous_handlers{{{SIGSEGV, {}}, {SIGBUS, {}}}};

/// As if this handler had never been installed. A fault happens again when the handler returns, and
/// then ends the process by the default action; a signal that was sent must be sent again.
void hand_over(const Previous& previous, int signal, siginfo_t* info, void* context) {
  if ((previous.action.sa_flags & SA_SIGINFO) != 0) {
    previous.action.sa_sigaction(signal, info, context);
    return;
  }
  const bool was_sent = info->si_code <= 0;
  if (previous.action.sa_handler == SIG_IGN && was_sent) {
    return;
  }
  if (previous.action.sa_handler != SIG_DFL && previous.action.sa_handler != SIG_IGN) {
    previous.action.sa_handler(signal);
    return;
  }
  struct sigaction default_action{};
  default_action.sa_handler = SIG_DFL;
  ::sigaction(signal, &default_action, nullptr);
  if (was_sent) {
    ::raise(signal);
  }
}

// A fault of the report itself is handed over at once.
constinit thread_local volatile sig_atomic_t reporting = 0;

FIBERPROOF_UNINSTRUMENTED void on_fault(int signal, siginfo_t* info, void* context) {
  const int interrupted_errno = errno;
  if (info->si_code > 0 && reporting == 0) {
    reporting = 1;
    report_guard_page_hit(reinterpret_cast<std::uint64_t>(info->si_addr),
                          interrupted_registers(context));
    reporting = 0;
  }
  errno = interrupted_errno;
  for (const Previous& previous : previous_handlers) {
    if (previous.signal == signal) {
      hand_over(previous, signal, info, context);
    }
  }
}

/// Runs where the previous handler would have run, and may be interrupted by the same signals.
int install_handlers() {
  for (Previous& previous : previous_handlers) {
    if (::sigaction(previous.signal, nullptr, &previous.action) != 0) {
      return errno;
    }
    struct sigaction action{};
    action.sa_sigaction = &on_fault;
    action.sa_mask = previous.action.sa_mask;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | (previous.action.sa_flags & SA_NODEFER);
    if (::sigaction(previous.signal, &action, nullptr) != 0) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

std::expected<void, int> report_stack_overflows() {
  // Also makes sure that the thread-local words which the handler reads have their memory.
  reporting = 0;
  [[maybe_unused]] const Entry* const innermost = Entry::innermost_of_thread();

  thread_local AlternateStack alternate_stack;
  if (const int refused = alternate_stack.install(); refused != 0) {
    return std::unexpected(refused);
  }
  static const int handlers_refused = install_handlers();
  if (handlers_refused != 0) {
    return std::unexpected(handlers_refused);
  }
  return {};
}

}  // namespace fiberproof
