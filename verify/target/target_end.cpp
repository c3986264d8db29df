#include "verify/target/target_end.hpp"

#include "fuzz/replay/crash_kind.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

struct Sign {
  std::string_view said;
  std::string_view reason;  // with the next step; empty if the line itself says it
};

constexpr std::string_view no_memory =
    "the system refuses it memory; raise the limits (ulimit -v, ulimit -d, memory of the "
    "container)";

// What a process says when the system refuses something. An oracle's report outranks these.
constexpr std::array<Sign, 17> signs{
    {{"Perhaps you're using ulimit -v",
      "AddressSanitizer is refused the 20 TB of addresses that it reserves; run it after "
      "`ulimit -v unlimited`"},
     {"ReserveShadowMemoryRange failed",
      "a sanitizer is refused the addresses that it reserves; run it after `ulimit -v unlimited`"},
     {"Shadow memory range interleaves",
      "AddressSanitizer's addresses are taken; run it under `setarch --addr-no-randomize`"},
     {"unexpected memory mapping",
      "a sanitizer's addresses are taken; run it under `setarch --addr-no-randomize`"},
     {"unable to mmap", no_memory},
     {"failed to allocate 0x", no_memory},
     {"allocator is out of memory", no_memory},
     {"ut of memory: allocator is trying to allocate", no_memory},
     {"Cannot allocate memory", no_memory},
     {"Resource temporarily unavailable",
      "the system refuses it another thread or process; raise the limit (ulimit -u, processes of "
      "the container)"},
     {"No space left on device", "no room on the disk; make room, or set TMPDIR to another one"},
     {"Disk quota exceeded", "no room on the disk; make room, or set TMPDIR to another one"},
     {"libFuzzer: file size exceeded",
      "it may not write a file of this size; run it after `ulimit -f unlimited`"},
     {"External symbolizer path is set to", ""},
     {"error while loading shared libraries", ""},
     {"the system refuses a handler for stack overflows", ""},
     {"fiberproof: FIBERPROOF_CRASH_RECORDER", ""}}};

constexpr Sign no_leak_check{
    "LeakSanitizer has encountered a fatal error",
    "LeakSanitizer cannot run here: ptrace is refused, or another program traces this one; allow "
    "ptrace (of a container: --cap-add=SYS_PTRACE), or run without it: "
    "ASAN_OPTIONS=detect_leaks=0"};

struct Signal {
  int number;
  std::string_view reason;
};

// Signals that no target brings upon itself.
constexpr std::array<Signal, 6> signals_from_elsewhere{
    {{SIGKILL, "was killed (SIGKILL), as the kernel does where memory runs out"},
     {SIGXFSZ, "may not write a file of this size; run it after `ulimit -f unlimited`"},
     {SIGXCPU, "used up its CPU time; run it after `ulimit -t unlimited`"},
     {SIGPIPE,
      "lost the program that it wrote to, such as a symbolizer that crashed; run without it: "
      "ASAN_OPTIONS=symbolize=0"},
     {SIGTERM, "was ended by a SIGTERM from elsewhere"},
     {SIGHUP, "was ended by a SIGHUP from elsewhere"}}};

constexpr int exit_code_of_signals = 128;
constexpr int exit_interrupted = 72;  // libFuzzer's exit code after SIGINT and SIGTERM

std::string text_of(const std::deque<std::string>& lines) {
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string reason_of(const Sign& sign, const std::string& line) {
  return std::string(sign.reason.empty() ? std::string_view(line) : sign.reason);
}

std::optional<std::string> sign_in(const std::deque<std::string>& lines) {
  for (const Sign& sign : signs) {
    const auto line = std::ranges::find_if(
        lines, [&sign](const std::string& each) { return each.find(sign.said) != each.npos; });
    if (line != lines.end()) return reason_of(sign, *line);
  }
  return std::nullopt;
}

std::optional<std::string> signal_from_elsewhere(int exit_code) {
  const auto found =
      std::ranges::find(signals_from_elsewhere, exit_code - exit_code_of_signals, &Signal::number);
  if (found == signals_from_elsewhere.end()) return std::nullopt;
  return std::string(found->reason);
}

std::string death_of(const ProcessEnd& end) {
  if (end.exit_code <= exit_code_of_signals) {
    return fmt::format("ended with status {}", end.exit_code);
  }
  return fmt::format("crashed: {}", ::strsignal(end.exit_code - exit_code_of_signals));
}

std::string last_words(const std::deque<std::string>& lines) {
  const auto last = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) {
    return line.find_first_not_of(' ') != line.npos && !line.starts_with("MS: ") &&
           !line.starts_with("Base64:") && !line.starts_with("artifact_prefix=");
  });
  return last == lines.rend() ? "with no message" : *last;
}

bool is_violation(std::string_view kind) {
  return kind.ends_with(" violated");
}

// A report of the fuzzer alone: it saw a process die or time out, and not why.
bool is_of_the_engine(std::string_view kind) {
  return kind.starts_with("SUMMARY: libFuzzer: ");
}

// Raises a limit to `wanted`, or as far as possible; returns the new limit.
template <class Resource>
rlim_t raise(Resource resource, rlim_t wanted) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur >= wanted) return wanted;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(resource, &limit);
  return limit.rlim_cur;
}

}  // namespace

std::optional<std::string> raise_limits() {
  constexpr rlim_t files_min = 64;
  constexpr rlim_t files_usual = 1024;
  constexpr rlim_t stack_bytes_min = 4 << 20;
  constexpr rlim_t stack_bytes_usual = 8 << 20;
  if (::access("/proc/self/maps", R_OK) != 0) {
    return "/proc cannot be read, and sanitizers need it; run it after `mount -t proc proc /proc`";
  }
  // Without a free descriptor UBSan reports every object as wrong.
  if (const rlim_t files = raise(RLIMIT_NOFILE, files_usual); files < files_min) {
    return fmt::format(
        "only {} files may be open, and a target needs {}; run it after "
        "`ulimit -n {}`",
        files, files_min, files_min);
  }
  if (const rlim_t bytes = raise(RLIMIT_STACK, stack_bytes_usual); bytes < stack_bytes_min) {
    return fmt::format(
        "a stack may have only {} KiB, and a target needs {}; run it after "
        "`ulimit -s 8192`",
        bytes / 1024, stack_bytes_min / 1024);
  }
  return std::nullopt;
}

std::optional<std::string> known_refusal(const ProcessEnd& end,
                                         const std::deque<std::string>& lines) {
  if (!end.started) return fmt::format("cannot be started: {}", end.why_not_started);
  if (end.exit_code == 0) return std::nullopt;
  for (const std::string& line : lines) {
    if (line.find(no_leak_check.said) != line.npos) return std::string(no_leak_check.reason);
    if (line.starts_with("ERROR: Invalid value for ")) {  // a sanitizer option
      return fmt::format("{}; correct the sanitizer options in the environment", line);
    }
  }
  if (auto sign = sign_in(lines)) return sign;
  return signal_from_elsewhere(end.exit_code);
}

std::optional<std::string> refusal_before_any_input(const ProcessEnd& end,
                                                    const std::deque<std::string>& lines) {
  if (end.started && end.exit_code == 0) return std::nullopt;
  if (auto known = known_refusal(end, lines)) return known;
  return fmt::format("{} before it got any input: {}", death_of(end), last_words(lines));
}

TargetEnd judge_end(const ProcessEnd& end, const std::deque<std::string>& lines,
                    bool has_artifact) {
  const auto blame = [](Blame whom, std::string reason) {
    TargetEnd judged;
    judged.blame = whom;
    judged.reason = std::move(reason);
    return judged;
  };
  if (!end.started) {
    return blame(Blame::system, fmt::format("cannot be started: {}", end.why_not_started));
  }
  // A user's exitcode=0 makes a report look like a normal end.
  if (end.exit_code == 0 && !has_artifact) return {};
  const std::string kind = fuzz::kind_of_crash(text_of(lines));
  if (is_violation(kind)) return blame(Blame::target, kind);
  if (auto sign = sign_in(lines)) {
    const bool is_of_memory = *sign == no_memory;
    TargetEnd judged =
        blame(is_of_memory && has_artifact ? Blame::to_be_shown : Blame::system, std::move(*sign));
    judged.is_of_memory = is_of_memory;
    return judged;
  }
  if (kind == "LeakSanitizer: fatal error") {
    TargetEnd judged = blame(Blame::to_be_shown, kind);
    judged.is_of_leak_check = true;
    return judged;
  }
  if (!kind.empty() && !is_of_the_engine(kind)) return blame(Blame::target, kind);
  if (auto signal = signal_from_elsewhere(end.exit_code)) return blame(Blame::system, *signal);
  if (end.exit_code == exit_interrupted) {
    return blame(Blame::system, "was ended by a signal from elsewhere");
  }
  return blame(Blame::to_be_shown,
               kind.empty() ? fmt::format("{}: {}", death_of(end), last_words(lines)) : kind);
}

std::string verbose_leak_check() {
  const char* const users = std::getenv("LSAN_OPTIONS");
  return fmt::format("LSAN_OPTIONS=verbosity=1:log_threads=1:{}", users == nullptr ? "" : users);
}

bool is_leak_check_refused(const std::deque<std::string>& lines) {
  return std::ranges::any_of(lines, [](const std::string& line) {
    return line.find("Could not attach to thread") != line.npos ||
           line.find("Failed spawning a tracer thread") != line.npos;
  });
}

std::string leak_check_advice() {
  return std::string(no_leak_check.reason);
}

std::vector<std::string> sanitizer_environment() {
  std::string options = "detect_stack_use_after_return=1:use_sigaltstack=1:quarantine_size_mb=10";
  if (const char* const users = std::getenv("ASAN_OPTIONS"); users != nullptr && *users != '\0') {
    options += fmt::format(":{}", users);
  }
  return {"ASAN_OPTIONS=" + options};
}

}  // namespace fiberproof::verify
