#include "core/stack_overflow.hpp"

#include "core/alternate_stack.hpp"
#include "core/fault_handler.hpp"
#include "core/signal_frame.hpp"
#include "core/signal_safe_text.hpp"
#include "core/store.hpp"
#include "core/thread_stack.hpp"
#include "core/walk.hpp"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>
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
  bool is_on_own_stack;  ///< RSP is on the thread's own stack or on its alternate one
};

Registers interrupted_registers(const ucontext_t& context) {
  const auto& words = context.uc_mcontext.gregs;
  const auto rsp = static_cast<std::uint64_t>(words[REG_RSP]);
  const auto alternate = reinterpret_cast<std::uint64_t>(context.uc_stack.ss_sp);
  const ThreadStack& own = thread_stack();
  return {static_cast<std::uint64_t>(words[REG_RIP]), rsp,
          static_cast<std::uint64_t>(words[REG_RBP]),
          (rsp >= own.lowest && rsp < own.end) ||
              (rsp >= alternate && rsp < alternate + context.uc_stack.ss_size)};
}

/// A record keeps its stack after its continuation has ended, but nothing can overrun it then.
bool has_live_stack(const Continuation& continuation) {
  return continuation.state < State::returned && continuation.stack != nullptr;
}

bool is_in_guard_pages(const Continuation& continuation, std::uint64_t address) {
  const auto [first, end] = continuation.stack->guard_pages();
  return address >= first && address < end;
}

/// The lowest address that is the continuation's, guard pages included.
std::uint64_t lowest_of(const Continuation& continuation) {
  return continuation.stack->has_guard_pages() ? continuation.stack->guard_pages().first
                                               : continuation.stack->bounds().limit();
}

bool is_on_stack(const Continuation& continuation, std::uint64_t address) {
  return address >= lowest_of(continuation) && address < continuation.stack->bounds().top;
}

/// Whether code with these registers runs on the continuation's stack, or has just left it below.
bool runs_on(const Continuation& continuation, const Registers& registers) {
  return is_on_stack(continuation, registers.rsp) || is_on_stack(continuation, registers.rbp);
}

/// Whether a frame of code with these registers reaches from the continuation's stack down past all
/// of its guard pages.
bool has_stepped_over_guard_pages(const Continuation& continuation, const Registers& registers) {
  return !registers.is_on_own_stack && registers.rsp < lowest_of(continuation) &&
         is_on_stack(continuation, registers.rbp);
}

/// A continuation, and how many its store has.
struct Owner {
  const Continuation* continuation = nullptr;
  std::uint64_t live_count = 0;
};

/// The first continuation that satisfies `is_it`, in all stores that this thread has entered.
template <class Predicate>
Owner find_owner(Predicate is_it) {
  for (const Entry* entry = Entry::innermost_of_thread(); entry != nullptr;
       entry = entry->outer_of_thread()) {
    for (const Continuation& continuation : entry->store().records()) {
      if (has_live_stack(continuation) && is_it(continuation)) {
        return {&continuation, entry->store().live_count()};
      }
    }
  }
  return {};
}

/// The owner of the guard pages that contain `address`, or that an access to it stepped over.
Owner owner_of_access(std::uint64_t address, const Registers& registers) {
  const Owner met = find_owner(
      [&](const Continuation& continuation) { return is_in_guard_pages(continuation, address); });
  if (met.continuation != nullptr) {
    return met;
  }
  return find_owner([&](const Continuation& continuation) {
    return has_stepped_over_guard_pages(continuation, registers) &&
           address >= registers.rsp - red_zone_bytes - sizeof(std::uint64_t) &&
           address < lowest_of(continuation);
  });
}

/// The continuation that runs with these registers and has fewer than `bytes` left below RSP.
Owner owner_without_room(const Registers& registers, std::uint64_t bytes) {
  return find_owner([&](const Continuation& continuation) {
    if (has_stepped_over_guard_pages(continuation, registers)) {
      return true;
    }
    const std::uint64_t lowest_usable = continuation.stack->has_guard_pages()
                                            ? continuation.stack->guard_pages().second
                                            : continuation.stack->bounds().limit();
    return is_on_stack(continuation, registers.rsp) && registers.rsp < lowest_usable + bytes;
  });
}

/// Continuations from this one outward to the initial stack; 0 if its chain does not end there.
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
  text << (overflow ? "stack overflow of " : "access from elsewhere to a guard page of ");
  text << "continuation ";
  text.decimal(owner.continuation->id);
  if (const std::uint64_t depth = depth_of(owner); depth != 0) {
    text << ", ";
    text.decimal(depth) << " deep";
  } else {
    text << ", in no active chain";
  }
}

void say_limit(SignalSafeText& text, const Continuation& continuation) {
  const StackBounds bounds = continuation.stack->bounds();
  text << ": its ";
  text.decimal(bounds.usable_bytes) << " usable bytes end at ";
  text.hex(bounds.limit()) << ", ";
}

void say_where(SignalSafeText& text, const Registers& registers) {
  text << " at rip ";
  text.hex(registers.rip) << ", rsp ";
  text.hex(registers.rsp) << "\n";
}

/// Lists frames by instruction, since symbols would need the heap. Frames of a recursion with the
/// same instruction share a line.
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
  std::uint64_t times_ = 0;   ///< frames of the current line
  std::uint64_t frames_ = 0;  ///< frames of the lines before
  std::size_t lines_ = 0;
};

void list_innermost_frames(SignalSafeText& text, const Registers& registers) {
  const Frame first{registers.rip, registers.rbp, nullptr, Frame::Kind::exact};
  FrameList list(text);
  // If the chain is broken, the list simply ends there.
  [[maybe_unused]] const auto walked =
      walk_thread(first, [&list](const Frame& frame) { return list.add(frame.instruction); });
  list.end_line();
}

void write_with_frames(SignalSafeText& text, const Registers& registers) {
  say_where(text, registers);
  text.write_to_standard_error();
  list_innermost_frames(text, registers);
  text.write_to_standard_error();
}

[[gnu::noinline]] void report_access(const Owner& owner, std::uint64_t address,
                                     const Registers& registers) {
  SignalSafeText text;
  say_whose(text, owner, runs_on(*owner.continuation, registers));
  say_limit(text, *owner.continuation);
  text << "access to ";
  text.hex(address);
  write_with_frames(text, registers);
}

[[gnu::noinline]] void report_lost_signal(const Owner& owner, bool may_be_protection,
                                          const Registers& registers) {
  SignalSafeText text;
  say_whose(text, owner, true);
  say_limit(text, *owner.continuation);
  text << "no room on its stack for the frame of a signal";
  text << (may_be_protection ? " (or a general protection fault)" : "");
  write_with_frames(text, registers);
}

/// Replaces the report if the embedder's alternate stack has no room for one: the report would
/// overwrite the memory below.
void say_no_room_for_report() {
  constexpr char line[] =
      "fiberproof: C8: stack overflow, no room for its report: the alternate signal stack is too "
      "small\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line, sizeof line - 1);
}

/// For a SIGSEGV of the kernel without an address. It holds the number of the processor's exception
/// (SDM vol. 3, table 6-1), or a stale one if there was none. An access to a non-canonical address
/// is a general protection fault, or through RSP and RBP a stack fault, which is a SIGBUS.
bool may_be_protection_fault(const ucontext_t& context) {
  constexpr greg_t general_protection = 13;
  return context.uc_mcontext.gregs[REG_TRAPNO] == general_protection;
}

Fault look_at(const siginfo_t& information, const ucontext_t& context) {
  const Registers registers = interrupted_registers(context);
  const bool has_address = information.si_code != SI_KERNEL;
  const auto address = reinterpret_cast<std::uint64_t>(information.si_addr);
  if (!has_address && information.si_signo != SIGSEGV) {
    return Fault::elsewhere;
  }
  const Owner owner = has_address ? owner_of_access(address, registers)
                                  : owner_without_room(registers, signal_frame_bytes_max(context));
  if (owner.continuation == nullptr) {
    return Fault::elsewhere;
  }
  if (room_on_alternate_stack(context) < report_bytes_max) {
    say_no_room_for_report();
  } else if (has_address) {
    report_access(owner, address, registers);
  } else {
    report_lost_signal(owner, may_be_protection_fault(context), registers);
  }
  return has_address ? Fault::elsewhere : Fault::lost_signal;
}

}  // namespace

std::expected<void, int> report_stack_overflows() {
  // Also gives the thread-local words that the handler reads their memory.
  [[maybe_unused]] const Entry* const innermost = Entry::innermost_of_thread();
  [[maybe_unused]] const ThreadStack& own = thread_stack();

  thread_local AlternateStack alternate_stack;
  if (const int refused = alternate_stack.install(); refused != 0) {
    return std::unexpected(refused);
  }
  if (const int refused = install_fault_handler(&look_at); refused != 0) {
    return std::unexpected(refused);
  }
  return {};
}

}  // namespace fiberproof
