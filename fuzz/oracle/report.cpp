#include "fuzz/oracle/report.hpp"

#include "core/sanitizer.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t report_stack_bytes = 512 * 1024;
alignas(64) std::byte report_stack[report_stack_bytes];

FindingHandler* pending_handler = nullptr;
Finding pending_finding;

void handle_pending() {
  pending_handler(pending_finding);
  std::abort();
}

std::string counts_as_json() {
  std::string text = "{";
  for (std::size_t index = 0; index < spec_id_names.size(); ++index) {
    text += fmt::format("{}\"{}\": {}", index == 0 ? "" : ", ", spec_id_names[index],
                        oracle_counts()[index]);
  }
  return text + "}\n";
}

void write_oracle_counts() {
  const char* const path = std::getenv("FIBERPROOF_ORACLE_COUNTS");
  std::FILE* const file = path != nullptr ? std::fopen(path, "w") : nullptr;
  if (file == nullptr) {
    std::fputs("fiberproof: cannot write the file that FIBERPROOF_ORACLE_COUNTS names\n", stderr);
    return;
  }
  std::fputs(counts_as_json().c_str(), file);
  std::fclose(file);
}

}  // namespace

std::string sentence_of(const Violation& violation) {
  const auto text = [&violation](std::uint64_t value) {
    return violation.name == nullptr ? fmt::format("0x{:x}", value)
                                     : fmt::format("`{}`", violation.name(value));
  };
  return fmt::format("{}: expected {}, got {}", violation.what, text(violation.expected),
                     text(violation.got));
}

std::string report_text(const Finding& finding) {
  const Violation& violation = finding.violation;
  return fmt::format(
      "fiberproof: {} violated: {}\n"
      "  in step {} ({}), {} continuations deep, of the program between the lines\n"
      "--------\n{}--------\n"
      "  to replay: write the program to FILE and run `fiberproof replay FILE`\n",
      name_of(violation.id), sentence_of(violation), finding.number,
      finding.step.text(finding.step.object), finding.depth,
      finding.program.text(finding.program.object));
}

FIBERPROOF_UNINSTRUMENTED void hand_over(FindingHandler* handler, const Finding& finding) {
  pending_handler = handler;
  pending_finding = finding;
  asm volatile(
      "mov %0, %%rsp\n\t"
      "xor %%ebp, %%ebp\n\t"  // ends the frame chain here, as does the next line for unwinders
      ".cfi_remember_state\n\t.cfi_undefined rip\n\t"
      "call *%1\n\t"
      "ud2\n\t"
      ".cfi_restore_state"
      :
      : "r"(report_stack + report_stack_bytes), "r"(&handle_pending)
      : "memory");
  __builtin_unreachable();
}

void report_and_abort(const Finding& finding) {
  std::fputs(report_text(finding).c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

void write_oracle_counts_at_exit() {
  static bool registered = false;
  if (!registered && std::getenv("FIBERPROOF_ORACLE_COUNTS") != nullptr) {
    registered = true;
    std::atexit(write_oracle_counts);
  }
}

}  // namespace fiberproof::fuzz
