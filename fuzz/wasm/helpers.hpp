// Functions that every module has: they make and check values, and note what is wrong.
//
// A value is known by its *id*: the serial number of the step that made it times 2^32, plus its
// place. What it is made of follows from the id alone, so that one loop can make and check many.
// Numbers look like what a runtime might take them for: small multiples of 16, addresses, both
// halves random.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/wasm/assembly.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace fiberproof::fuzz::wasm {

class Helpers {
 public:
  Helpers(Assembly& assembly, const Program& program);

  /// [id] -> []: the id of the value that is made or checked next.
  void set_id(Code& code) const { code.emit(op::global_set, id_); }
  /// [] -> [value], of the type that it is made as. The next id is one more.
  void make(Code& code, ValueType type) const;
  /// [value] -> []: notes the step that is here where the value is not that of the id. The next id
  /// is one less, as values lie on a stack.
  void check(Code& code, ValueType type) const;
  /// [id] -> []: this step is here; notes it where the latest that gave the control is another.
  void check_now(Code& code) const { code.emit(op::call, check_now_); }
  /// [] -> [id]: the latest step that gave the control away, which is here.
  void believe_now(Code& code) const;
  /// [step] -> []: notes it and ends the part; never returns.
  void wrong(Code& code) const { code.emit(op::call, wrong_); }
  void collect(Code& code) const { code.emit(op::call, collect_); }
  void overflow(Code& code) const;

  std::uint32_t now() const { return now_; }      ///< a global: the step that gave the control
  std::uint32_t first() const { return first_; }  ///< a global: the first wrong step, or 0
  std::uint32_t exception_tag() const { return exception_tag_; }  ///< of type [i64], an id
  std::uint32_t wrong_tag() const { return wrong_tag_; }

 private:
  /// Variables of the functions that make a value and that check one.
  static constexpr std::uint32_t made_local_id = 0;
  static constexpr std::uint32_t checked_value = 0;
  static constexpr std::uint32_t checked_local_id = 1;

  struct OfType {
    std::uint32_t make = 0;
    std::uint32_t check = 0;
    bool is_there = false;
  };

  void add_notes();
  void add_pattern();
  void add_functions();
  void add_collect();
  void add_overflow();
  void add_type(ValueType type);
  void make_value(Code& code, ValueType type);
  void compare(Code& code, ValueType type);
  void note_if(Code& code, const Op& differs) const;

  Assembly& assembly_;
  std::uint32_t now_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t id_ = 0;
  std::uint32_t here_ = 0;
  std::uint32_t exception_tag_ = 0;
  std::uint32_t wrong_tag_ = 0;
  std::uint32_t note_ = 0;
  std::uint32_t wrong_ = 0;
  std::uint32_t check_now_ = 0;
  std::uint32_t collect_ = 0;
  std::uint32_t overflow_ = 0;
  std::uint32_t pattern_ = 0;
  std::array<std::uint32_t, 4> functions_{};
  std::array<OfType, value_types> types_{};
};

}  // namespace fiberproof::fuzz::wasm
