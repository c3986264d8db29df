// Calls through a word of the file: the word's value when code runs, and the function that an entry
// of a procedure linkage table (PLT) leads to.
//
// An entry is recognised by its behaviour, since each linker writes its own: it leads to a function
// and changes nothing that the function may read. Addresses are as load_address() gives them. A
// function of another file has no address here, so its name gets one that no code of the file can
// have.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// The address that stands for a symbol which the dynamic linker binds and this file does not
/// define.
std::optional<std::uint64_t> external_address(const ObjectFile& file, std::string_view symbol);

/// The symbol that an address stands for, also in a relocatable file.
std::optional<std::string_view> external_symbol_at(const ObjectFile& file, std::uint64_t address);

/// The value of eight bytes of the file whenever its code runs: nothing if code may change them, an
/// error if the value is only known when the program is loaded.
[[nodiscard]] std::expected<std::optional<std::uint64_t>, std::string> word_at(
    const ObjectFile& file, std::uint64_t address);

/// Where control at an address continues, if the code there only leads elsewhere.
struct Passage {
  std::uint64_t to = 0;          ///< the address itself if there is other code
  bool is_by_word = false;       ///< through a word of the file, like an entry of a PLT
  bool changes_scratch = false;  ///< changes R10 or R11
  bool writes_stack = false;     ///< below RSP, like a retpoline
};

/// Fails if it leads through a word for which word_at() fails.
[[nodiscard]] std::expected<Passage, std::string> passage(const ObjectFile& file,
                                                          std::uint64_t address);

/// The function that a call of `address` calls: passage().to.
[[nodiscard]] std::expected<std::uint64_t, std::string> destination(const ObjectFile& file,
                                                                    std::uint64_t address);

}  // namespace fiberproof::verify
