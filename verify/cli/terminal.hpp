// Standard output as a terminal: its width, and one status line at its bottom that is overwritten.
//
// A status line is for a waiting person. If standard output is a pipe or a file it prints nothing:
// important lines are printed on their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Whether standard output is a terminal that supports returning to the start of a line.
bool is_rewritable_terminal();

/// The columns of the terminal on standard output; 80 if unknown.
std::size_t terminal_columns();

enum class Tone : std::uint8_t { good, doubtful, bad };

/// The text in the tone's colour, if standard output is a terminal and NO_COLOR is unset or empty
/// (no-color.org); else as it is.
std::string toned(std::string_view text, Tone tone);

/// Cuts a UTF-8 line so that it and the cursor behind it fit into `columns`, and replaces control
/// characters by spaces.
std::string cut_to(std::string_view line, std::size_t columns);

/// One line on a terminal, shown until the next one or `clear`.
class StatusLine {
 public:
  StatusLine() = default;
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() { clear(); }

  /// Shows `text`, cut to the terminal's current width.
  void show(std::string_view text);

  /// Removes the line, so that ordinary lines can be printed.
  void clear() noexcept;

 private:
  bool shown_ = false;
};

}  // namespace fiberproof::verify
