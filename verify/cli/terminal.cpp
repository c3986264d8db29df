#include "verify/cli/terminal.hpp"

#include <fmt/color.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>

namespace fiberproof::verify {
namespace {

constexpr std::size_t columns_without_answer = 80;
constexpr std::string_view erase_line = "\r\x1b[K";

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

bool is_control(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7f;
}

}  // namespace

bool is_rewritable_terminal() {
  const char* const kind = std::getenv("TERM");
  const bool is_dumb = kind != nullptr && std::string_view(kind) == "dumb";
  return !is_dumb && ::isatty(STDOUT_FILENO) != 0;
}

std::size_t terminal_columns() {
  winsize size{};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : columns_without_answer;
}

std::string toned(std::string_view text, Tone tone) {
  const char* const refusal = std::getenv("NO_COLOR");
  const bool is_refused = refusal != nullptr && *refusal != '\0';
  if (is_refused || !is_rewritable_terminal()) return std::string(text);
  switch (tone) {
    case Tone::good: return fmt::format(fmt::fg(fmt::terminal_color::green), "{}", text);
    case Tone::doubtful: return fmt::format(fmt::fg(fmt::terminal_color::yellow), "{}", text);
    case Tone::bad: break;
  }
  return fmt::format(fmt::emphasis::bold | fmt::fg(fmt::terminal_color::red), "{}", text);
}

std::string cut_to(std::string_view line, std::size_t columns) {
  std::string cut;
  std::size_t used = 1;  // by the cursor: in the last column it would begin another line
  for (const char byte : line) {
    if (!continues_a_character(byte) && used++ >= columns) break;
    cut += is_control(byte) ? ' ' : byte;
  }
  return cut;
}

void StatusLine::show(std::string_view text) {
  if (!is_rewritable_terminal()) return;
  const std::string line = std::string(erase_line) + cut_to(text, terminal_columns());
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
  shown_ = true;
}

void StatusLine::clear() noexcept {
  if (!shown_) return;
  std::fwrite(erase_line.data(), 1, erase_line.size(), stdout);
  std::fflush(stdout);
  shown_ = false;
}

}  // namespace fiberproof::verify
