#include "core/check.hpp"

#include <unistd.h>
#include <cstddef>
#include <cstring>

namespace fiberproof {
namespace {

void write_text(const char* text) {
  // If standard error is closed nothing useful can be done: the trap follows in any case.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void write_hex(std::uint64_t value) {
  char text[] = "0x0000000000000000";
  for (std::size_t digit = sizeof text - 2; digit >= 2; --digit, value >>= 4) {
    text[digit] = "0123456789abcdef"[value & 0xf];
  }
  write_text(text);
}

void write_decimal(int value) {
  char text[12] = {};
  char* first = text + sizeof text - 1;
  do {
    *--first = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  write_text(first);
}

}  // namespace

void check_failed(const CheckSite& site, std::uint64_t left, std::uint64_t right) {
  write_text("fiberproof: ");
  write_text(site.spec_id);
  write_text(" violated: ");
  write_text(site.expression);
  write_text(" (");
  write_hex(left);
  write_text(" against ");
  write_hex(right);
  write_text(") at ");
  write_text(site.file);
  write_text(":");
  write_decimal(site.line);
  write_text("\n");
  __builtin_trap();
}

}  // namespace fiberproof
