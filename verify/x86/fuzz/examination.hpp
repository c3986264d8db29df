// Asks one object file every query, and checks that the answers agree.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// The path of the input in messages.
inline constexpr std::string_view input_name = "input";
/// A query searches all symbols: asking for more would only take time.
inline constexpr std::size_t symbols_asked_max = 32;

/// Reports a violation of `oracle`, with its detail, unless it holds.
void require(bool holds, std::string_view oracle, const std::function<std::string()>& detail);

/// An error is for people: complete, in one line.
void check_error(const ObjectError& error);

template <typename Value>
bool is_answer(const std::expected<Value, ObjectError>& asked) {
  if (!asked) {
    check_error(asked.error());
  }
  return asked.has_value();
}

/// All answers of a file, kept as text for comparison.
class Examination {
 public:
  Examination(const ObjectFile& file, std::span<const std::byte> input)
      : file_(file), input_(input) {}

  std::string run();

 private:
  void note(std::string_view line) { (answers_ += line) += '\n'; }
  void ask_sections();
  void ask_symbol(const Symbol& symbol);
  void ask_address(std::uint64_t address);
  void ask_external_symbols();
  void ask_callee(const Symbol& symbol);
  void ask_names(const Symbol& symbol);
  void ask_entry();
  void ask_routine(const Routine& routine);
  void ask_linked_routine(const Routine& routine);
  void ask_loader(const Routine& routine);
  void ask_relocatable_routine(const Routine& routine);
  void ask_occurrences(const Routine& routine, std::size_t bytes_max);
  void decode_routine(const Routine& routine);
  bool has_symbol_at(std::string_view name, std::uint64_t address) const;

  const ObjectFile& file_;
  std::span<const std::byte> input_;
  std::string answers_;
  std::size_t decoded_bytes_ = 0;
};

}  // namespace fiberproof::verify
