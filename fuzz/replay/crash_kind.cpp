#include "fuzz/replay/crash_kind.hpp"

#include "fuzz/replay/death_signal.hpp"

#include <algorithm>

namespace fiberproof::fuzz {

std::string kind_of_crash(std::string_view errors) {
  constexpr std::string_view ours = "fiberproof: ";
  constexpr std::string_view violated = " violated:";
  constexpr std::string_view summary = "SUMMARY: ";
  constexpr std::string_view leaked = " byte(s) leaked in ";
  constexpr std::string_view fatal = "LeakSanitizer has encountered a fatal error";
  constexpr std::string_view check = "Sanitizer: CHECK failed";
  constexpr std::string_view error = "==ERROR: ";
  constexpr std::string_view deadly = "SUMMARY: libFuzzer: deadly signal";
  std::string last_resort;
  std::string signal;
  while (!errors.empty()) {
    const std::string_view line = errors.substr(0, errors.find('\n'));
    errors.remove_prefix(std::min(line.size() + 1, errors.size()));
    if (const auto at = line.find(violated); line.starts_with(ours) && at != line.npos) {
      return std::string(line.substr(ours.size(), at + violated.size() - 1 - ours.size()));
    }
    if (line.find(fatal) != line.npos) {  // by a wrong idea of a stack's bounds; has no summary
      return "LeakSanitizer: fatal error";
    }
    // "AddressSanitizer: CHECK failed: asan_poisoning.cpp:40 …", likewise.
    if (const auto at = line.find(check); at != line.npos) {
      const std::size_t process = line.substr(0, at).rfind("==");  // "==7==", or nothing
      const std::size_t begin = process == line.npos ? 0 : process + 2;
      return std::string(line.substr(begin, at + check.size() - begin));
    }
    if (line.starts_with(death_signal_mark)) {
      signal = " " + std::string(line.substr(death_signal_mark.size()));
    }
    // All that libFuzzer says of any signal that a sanitizer does not report.
    if (line.starts_with(deadly)) return std::string(deadly) + signal;
    if (line.starts_with(summary)) {  // "SUMMARY: AddressSanitizer: stack-overflow file:line …"
      const std::size_t kind = line.find(' ', summary.size());
      // "SUMMARY: AddressSanitizer: 430 byte(s) leaked in 7 allocation(s)."
      if (line.find(leaked) != line.npos) return std::string(line.substr(0, kind)) + " leak";
      return std::string(line.substr(0, kind == line.npos ? kind : line.find(' ', kind + 1)));
    }
    // "==7==ERROR: starting fiber switch while in fiber switch" is all that a runtime says of that.
    if (const auto at = line.find(error); at != line.npos && last_resort.empty()) {
      last_resort = line.substr(at + 2, line.find(" 0x", at) - (at + 2));
    }
  }
  return last_resort;
}

}  // namespace fiberproof::fuzz
