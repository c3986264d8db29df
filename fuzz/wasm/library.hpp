// The module that all programs import: functions that make and check values, and note what is
// wrong.
//
// A value is known by its *id*: the serial number of the step that made it times 2^32, plus its
// place. What it is made of follows from the id alone, so that one loop can make and check many.
// Numbers look like what a runtime might take them for: small multiples of 16, addresses, both
// halves random.
#pragma once

#include "fuzz/program/value_type.hpp"
#include "fuzz/wasm/assembly.hpp"

#include <array>
#include <cstdint>

namespace fiberproof::fuzz::wasm {

class Library {
 public:
  static constexpr std::string_view name = "lib";

  /// The one for modules with this host.
  static const Library& with(bool has_host);

  /// A function of it, by its name, and its type, which has the same index in every module.
  struct Function {
    std::string_view name;
    std::uint32_t type = 0;
    std::uint32_t index = 0;  ///< in the library
  };
  /// The functions that make and check values of a type.
  struct OfType {
    Function make;
    Function check;
  };

  const TypeTable& types() const { return types_; }
  const Module& module() const { return module_; }

  // Globals and tags, by their numbers.
  static constexpr std::uint32_t now = 0;    ///< i64: the step that gave the control, as an id
  static constexpr std::uint32_t first = 1;  ///< i32: the first wrong step, or 0
  static constexpr std::uint32_t id = 2;     ///< i64: of the value that is made or checked next
  static constexpr std::uint32_t here = 3;   ///< i64: the step that is here, as an id
  static constexpr std::uint32_t exception_tag = 0;  ///< [i64], an id
  static constexpr std::uint32_t wrong_tag = 1;      ///< []

  const Function& note() const { return note_; }            ///< [id] -> []
  const Function& wrong() const { return wrong_; }          ///< [id] -> [], never returns
  const Function& check_now() const { return check_now_; }  ///< [id] -> []
  const Function& collect() const { return collect_; }      ///< [] -> []
  const Function& overflow() const { return overflow_; }    ///< [i64] -> [i64], never returns
  const OfType& of(ValueType type) const {
    return of_types_[static_cast<std::size_t>(made_as(type))];
  }

 private:
  // Variables of the functions that make a value and that check one.
  static constexpr std::uint32_t made_local_id = 0;
  static constexpr std::uint32_t checked_value = 0;
  static constexpr std::uint32_t checked_local_id = 1;

  explicit Library(bool has_host);
  Function add(std::string_view function, const TypeList& results, FunctionBody body);
  void add_notes();
  void add_pattern();
  void add_collect(bool has_host, std::uint32_t host_collect);
  void add_overflow();
  void add_numbers();
  void add_type(ValueType type);
  void make_value(Code& code, ValueType type);
  void compare(Code& code, ValueType type);
  void note_if(Code& code, const Op& differs) const;
  void make(Code& code, ValueType type) const { code.emit(op::call, of(type).make.index); }

  TypeTable types_;
  Assembly assembly_;
  std::array<std::string, 2 * value_types> names_;
  Function note_;
  Function wrong_;
  Function check_now_;
  Function collect_;
  Function overflow_;
  Function pattern_;
  std::array<Function, 4> numbers_;  ///< functions that return different numbers
  std::array<OfType, value_types> of_types_;
  Module module_;
};

}  // namespace fiberproof::fuzz::wasm
