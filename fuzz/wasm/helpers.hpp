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

  /// [id] -> [value], of the type that it is made as.
  void make(Code& code, ValueType type) const;
  /// [value, id, step] -> []: notes `step`, an id, where the value is not that of `id`.
  void check(Code& code, ValueType type) const;
  /// [id] -> []: notes it where the latest step that gave the control away is another.
  void check_now(Code& code) const { code.emit(op::call, check_now_); }
  /// [step] -> []: notes it and ends the part; never returns.
  void wrong(Code& code) const { code.emit(op::call, wrong_); }
  void collect(Code& code) const { code.emit(op::call, collect_); }
  void overflow(Code& code) const;

  std::uint32_t now() const { return now_; }      ///< a global: the step that gave the control
  std::uint32_t first() const { return first_; }  ///< a global: the first wrong step, or 0
  std::uint32_t exception_tag() const { return exception_tag_; }  ///< of type [i64], an id
  std::uint32_t wrong_tag() const { return wrong_tag_; }

 private:
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
  void make_body(Code& code, ValueType type);
  void check_body(Code& code, ValueType type);
  void note_unless(Code& code, const Op& differs) const;

  Assembly& assembly_;
  std::uint32_t now_ = 0;
  std::uint32_t first_ = 0;
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
