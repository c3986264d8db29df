// Calls that go through a word of the file: what the word holds when code runs, and which function
// an entry of a procedure linkage table (PLT) goes on to.
//
// An entry is known by what it does, since each linker writes its own: it goes on to a function and
// changes nothing that the function may look at. Addresses are as load_address() gives them. What a
// function of another file is called by has no address here, and gets one that no code of the file
// can have.
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

/// The symbol that an address stands for, also of a relocatable file.
std::optional<std::string_view> external_symbol_at(const ObjectFile& file, std::uint64_t address);

/// What eight bytes of the file hold whenever its code runs: nothing where code may change them, an
/// error where that is only known when the program is loaded.
std::expected<std::optional<std::uint64_t>, std::string> word_at(const ObjectFile& file,
                                                                 std::uint64_t address);

/// Where control that comes to an address goes on, if there is nothing but a way to elsewhere.
struct Passage {
  std::uint64_t to = 0;          ///< the address itself where there is something else
  bool is_by_word = false;       ///< through a word of the file, as an entry of a PLT goes
  bool changes_scratch = false;  ///< leaves other values in R10 or R11
  bool writes_stack = false;     ///< below RSP, as a retpoline does
};

/// An error where the way is through one of word_at()'s words with an error.
std::expected<Passage, std::string> passage(const ObjectFile& file, std::uint64_t address);

/// The function that a call of `address` is a call of: passage().to.
std::expected<std::uint64_t, std::string> destination(const ObjectFile& file,
                                                      std::uint64_t address);

}  // namespace fiberproof::verify
