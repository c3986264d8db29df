#include "fuzz/oracle/end_oracle.hpp"

#include "fuzz/oracle/end_place.hpp"
#include "fuzz/oracle/oracle_question.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fiberproof::fuzz::oracle {
namespace {

using Kind = PredictedEnd::Kind;
using Fault = std::optional<std::string>;

// As core lists them.
constexpr unsigned frame_lines_max = 8;

std::string_view take_line(std::string_view& said) {
  const std::string_view line = said.substr(0, said.find('\n'));
  said.remove_prefix(line.size() == said.size() ? line.size() : line.size() + 1);
  return line;
}

/// A sanitizer's runtime that is told to be verbose, as fuzzing services do, notes each fake stack
/// and each signal it handles: "==PID==…". What it reports itself, it marks "ERROR" or "WARNING".
bool is_note_of_sanitizer(std::string_view line) {
  constexpr std::string_view mark = "==";
  if (!line.starts_with(mark)) {
    return false;
  }
  line.remove_prefix(mark.size());
  const std::size_t digits = line.find_first_not_of("0123456789");
  if (digits == 0 || digits == line.npos || !line.substr(digits).starts_with(mark)) {
    return false;
  }
  return !line.contains("ERROR") && !line.contains("WARNING");
}

std::string without_notes_of_sanitizers(std::string_view said) {
  std::string kept;
  kept.reserve(said.size());
  while (!said.empty()) {
    std::string_view rest = said;
    const std::string_view line = take_line(rest);
    if (!is_note_of_sanitizer(line)) {
      kept.append(said.substr(0, said.size() - rest.size()));
    }
    said = rest;
  }
  return kept;
}

/// Reads a text piece by piece, and notes the first piece that differs.
class Reader {
 public:
  explicit Reader(std::string_view line) : line_(line), rest_(line) {}

  Reader& text(std::string_view expected) {
    if (is_right_ && rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else if (is_right_) {
      fail(fmt::format("`{}` at byte {}", expected, line_.size() - rest_.size()));
    }
    return *this;
  }

  Reader& number(std::uint64_t& value, int base) {
    if (base == 16) text("0x");
    const auto [end, error] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
    if (is_right_ && error != std::errc{}) {
      fail(fmt::format("a number at byte {}", line_.size() - rest_.size()));
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return *this;
  }

  Reader& skip_to_last(char letter) {
    const std::size_t place = rest_.rfind(letter);
    rest_.remove_prefix(is_right_ && place != rest_.npos ? place : 0);
    return *this;
  }

  bool has(std::string_view next) const { return is_right_ && rest_.starts_with(next); }
  Reader& end() {
    if (is_right_ && !rest_.empty()) {
      fail(fmt::format("nothing after byte {}", line_.size() - rest_.size()));
    }
    return *this;
  }
  void require(bool holds, std::string_view what) {
    if (is_right_ && !holds) {
      fail(std::string(what));
    }
  }
  const Fault& fault() const { return fault_; }

 private:
  void fail(const std::string& expected) {
    is_right_ = false;
    fault_ = fmt::format("expected {}, got `{}`", expected, line_);
  }

  std::string_view line_;
  std::string_view rest_;
  bool is_right_ = true;
  Fault fault_;
};

std::string whose(const PredictedEnd& expected, const EndPlace& place) {
  return fmt::format(
      "{} continuation {}, {}",
      expected.kind == Kind::overflow ? "stack overflow of"
                                      : "access from elsewhere to a guard page of",
      place.earlier + expected.continuation,
      expected.depth == 0 ? "in no active chain" : fmt::format("{} deep", expected.depth));
}

/// A page that is met by recursion is the highest of the guard pages: each frame touches its pages
/// in order.
bool is_right_access(const PredictedEnd& expected, const EndPlace& place, std::uint64_t access) {
  return expected.by_recursion
             ? access < place.guard_end() && access >= place.guard_end() - spec::page_bytes
             : access == place.access;
}

/// The code runs on the stack that overflows, and elsewhere if it trespasses.
bool is_right_stack_pointer(const PredictedEnd& expected, const EndPlace& place,
                            std::uint64_t rsp) {
  const bool is_there = rsp >= place.guard_lowest() && rsp < place.limit + expected.usable_bytes;
  return is_there == (expected.kind == Kind::overflow);
}

Fault overflow_line(const PredictedEnd& expected, const EndPlace& place, std::string_view line,
                    std::uint64_t& rip) {
  std::uint64_t access = 0;
  std::uint64_t rsp = 0;
  Reader reader(line);
  reader.text(fmt::format("fiberproof: C8: {}: its {} usable bytes end at {:#x}, access to ",
                          whose(expected, place), expected.usable_bytes, place.limit));
  reader.number(access, 16).text(" at rip ").number(rip, 16);
  reader.text(", rsp ").number(rsp, 16).end();
  reader.require(is_right_access(expected, place, access),
                 expected.by_recursion ? "an access to the highest guard page"
                                       : fmt::format("an access to {:#x}", place.access));
  reader.require(is_right_stack_pointer(expected, place, rsp),
                 "an RSP on the stack that overflows, and elsewhere for an access from elsewhere");
  return reader.fault();
}

/// "    #3 0x… (executable+0x…), 12 times". `frames` is how many were listed before.
Fault frame_line(std::string_view line, std::uint64_t& frames, std::uint64_t& instruction) {
  std::uint64_t offset = 0;
  std::uint64_t times = 1;
  Reader reader(line);
  reader.text(fmt::format("    #{} ", frames)).number(instruction, 16);
  if (reader.has(" (")) {
    reader.text(" (executable+").number(offset, 16).text(")");
  }
  if (reader.has(",")) {
    reader.text(", ").number(times, 10).text(" times");
  }
  reader.end();
  frames += times;
  return reader.fault();
}

Fault frame_lines(std::string_view said, std::uint64_t rip) {
  std::uint64_t frames = 0;
  unsigned lines = 0;
  for (; !said.empty(); ++lines) {
    std::uint64_t instruction = 0;
    if (auto wrong = frame_line(take_line(said), frames, instruction)) {
      return wrong;
    }
    if (lines == 0 && instruction != rip) {
      return fmt::format("expected the first frame at {:#x}, got {:#x}", rip, instruction);
    }
  }
  if (lines == 0 || lines > frame_lines_max) {
    return fmt::format("expected 1 to {} lines of frames, got {}", frame_lines_max, lines);
  }
  return std::nullopt;
}

Fault check_line(const PredictedEnd& expected, const EndPlace& place, std::string_view line) {
  std::uint64_t number = 0;
  Reader reader(line);
  reader.text(
      fmt::format("fiberproof: {} violated: last.parent == nullptr ({:#018x} against "
                  "{:#018x}) at ",
                  name_of(rule_of(expected.kind)), place.parent, 0));
  reader.skip_to_last('/');
  reader.text("/continuation_inline.hpp:").number(number, 10).end();
  return reader.fault();
}

Fault report(const PredictedEnd& expected, const EndPlace& place, std::string_view said) {
  std::uint64_t rip = 0;
  Fault wrong;
  switch (expected.kind) {
    case Kind::overflow:
    case Kind::trespass:
      wrong = overflow_line(expected, place, take_line(said), rip);
      return wrong ? wrong : frame_lines(said, rip);
    case Kind::check: wrong = check_line(expected, place, take_line(said)); break;
    case Kind::unreported: break;
  }
  if (!wrong && !said.empty()) {
    wrong = fmt::format("expected no more, got `{}`", take_line(said));
  }
  return wrong;
}

Fault death(const PredictedEnd& expected, int status) {
  const int signal = expected.kind == Kind::check ? SIGILL : SIGSEGV;
  if (WIFSIGNALED(status) && WTERMSIG(status) == signal) {
    return std::nullopt;
  }
  return fmt::format("expected a death by `{}`, got {}", ::strsignal(signal),
                     WIFSIGNALED(status)
                         ? fmt::format("one by `{}`", ::strsignal(WTERMSIG(status)))
                         : fmt::format("an end with status {}", WEXITSTATUS(status)));
}

}  // namespace

std::optional<EndFault> end_fault(const PredictedEnd& expected, int status, std::string_view told) {
  const SpecId id = rule_of(expected.kind);
  asked(id);
  const std::string kept = without_notes_of_sanitizers(told);
  std::string_view said = kept;
  const auto place = take_announcement(said);
  if (!place) {
    const Fault died = death(expected, status);
    return EndFault{id, fmt::format("before the step that ends the process: {}, after `{}`",
                                    died.value_or("it died"), take_line(said))};
  }
  if (const Fault wrong = report(expected, *place, said)) {
    return EndFault{id, fmt::format("{}: {}", describe(expected), *wrong)};
  }
  if (const Fault wrong = death(expected, status)) {
    return EndFault{id, fmt::format("{}: {}", describe(expected), *wrong)};
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz::oracle
