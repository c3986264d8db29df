#include "core/tests/unwind/single_step.hpp"

#include <libunwind-ptrace.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace fiberproof::unwind {
namespace {

pid_t fork_and_run_again(const std::function<bool()>& scenario) {
  scenario();
  const pid_t process = fork();
  if (process == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    raise(SIGSTOP);
    _exit(scenario() ? 0 : 1);
  }
  return process;
}

bool is_stopped_by(int status, int signal) {
  return WIFSTOPPED(status) && WSTOPSIG(status) == signal;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << std::hex << "{rsp " << place.rsp << " rbp " << place.rbp << " rip " << place.rip
             << "}" << std::dec;
}

TracedChild::TracedChild(const std::function<bool()>& scenario)
    : process_(fork_and_run_again(scenario)) {
  waitpid(process_, &status_, 0);
  if (!is_stopped_by(status_, SIGSTOP)) throw std::runtime_error("no child that can be traced");
}

TracedChild::~TracedChild() {
  if (WIFSTOPPED(status_)) {
    kill(process_, SIGKILL);
    waitpid(process_, &status_, 0);
  }
}

bool TracedChild::step() {
  ptrace(PTRACE_SINGLESTEP, process_, nullptr, nullptr);
  waitpid(process_, &status_, 0);
  return is_stopped_by(status_, SIGTRAP);
}

bool TracedChild::went_as_planned() const {
  return WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
}

Place TracedChild::registers() const {
  user_regs_struct registers{};
  ptrace(PTRACE_GETREGS, process_, nullptr, &registers);
  return {registers.rsp, registers.rbp, registers.rip};
}

std::uint64_t TracedChild::word_at(std::uint64_t address) const {
  return static_cast<std::uint64_t>(ptrace(PTRACE_PEEKDATA, process_, address, nullptr));
}

std::vector<Place> TracedChild::outer_frames(std::size_t count_max) const {
  const std::unique_ptr<void, decltype(&_UPT_destroy)> target(_UPT_create(process_), &_UPT_destroy);
  unw_addr_space* const space = unw_create_addr_space(&_UPT_accessors, 0);
  unw_cursor_t cursor;
  std::vector<Place> frames;
  if (unw_init_remote(&cursor, space, target.get()) == 0) {
    while (frames.size() < count_max && unw_step(&cursor) > 0) {
      Place& place = frames.emplace_back();
      unw_get_reg(&cursor, UNW_X86_64_RSP, &place.rsp);
      unw_get_reg(&cursor, UNW_X86_64_RBP, &place.rbp);
      unw_get_reg(&cursor, UNW_X86_64_RIP, &place.rip);
    }
  }
  unw_destroy_addr_space(space);
  return frames;
}

}  // namespace fiberproof::unwind
