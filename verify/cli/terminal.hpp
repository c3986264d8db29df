// Standard output as a terminal: its width, and one status line at its bottom that is written over.
//
// A status line is for a person who waits. Where standard output is a pipe or a file it prints
// nothing: what must be read there is printed as a line of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Whether standard output is a terminal that can go back to the beginning of a line.
bool is_rewritable_terminal();

/// The columns of the terminal on standard output; 80 where it does not say.
std::size_t terminal_columns();

/// A UTF-8 line cut so that it and the cursor behind it fit into so many columns. No control
/// character is in the result: each is a space there.
std::string cut_to(std::string_view line, std::size_t columns);

/// One line on a terminal, shown until the next one or `clear`.
class StatusLine {
 public:
  StatusLine() = default;
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() { clear(); }

  /// Shows `text`, cut to the width that the terminal has now.
  void show(std::string_view text);

  /// Takes the line away, so that ordinary lines can be printed.
  void clear() noexcept;

 private:
  bool shown_ = false;
};

}  // namespace fiberproof::verify
