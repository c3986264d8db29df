// A signal for which there is no room on the stack that it interrupts (C8). The kernel drops it and
// raises one SIGSEGV without an address. The tests lose such signals in child processes, which end,
// and judge by the output.
#pragma once

#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/stack_overflow.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace fiberproof {

inline constexpr std::uint64_t lost_signal_stack_bytes = 16 * 1024;

/// Whether a process with this exit status was ended by the fault, or by a sanitizer's report of
/// it.
bool dies_of_the_fault(int status);

/// The report of a signal that continuation `id` lost, as a regular expression.
std::string lost_by(std::string_view id, std::string_view depth);

/// Writes to standard error, also from a signal handler.
void say(std::string_view text);

void start_reporting();

/// The process and thread that send_alarm sends to; handle_alarm sets them.
extern long this_process;
extern long this_thread;

/// Sends SIGALRM to this thread with a bare system call: a call of tgkill() may need more stack
/// than there is.
void send_alarm();

/// Installs a handler of SIGALRM that says "alarm".
void handle_alarm(int flags);

/// Runs `innermost` in `depth` bodies inside each other.
void run_nested(Store& store, std::size_t depth, const std::function<void()>& innermost);

/// Sends the signal where 400 bytes of the stack are left, and says that the body went on.
void lose_signal_at_depth(std::size_t depth);

/// The same with the report and a handler installed; ends the process.
[[noreturn]] void lose_signal(std::size_t depth, int flags = 0);

}  // namespace fiberproof
