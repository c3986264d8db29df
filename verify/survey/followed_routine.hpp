// A routine followed from its first instruction to where it leaves: what registers and stored words
// are then, as sums over what a register, or a word that was loaded, has at the beginning; and
// which memory it touches.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/survey/straight_line.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// What addresses are sums over: a register at the beginning, or a word that was loaded.
struct AddressBase {
  LineValue::Kind kind;
  Register reg;
  std::size_t load;
  auto operator<=>(const AddressBase&) const = default;
};

AddressBase base_of(const LineValue& value);

/// Bytes by their distance from a base.
struct Extent {
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool is_stored = false;
};

struct FollowedStore {
  LineValue address;
  LineValue value;  ///< unknown for most that are no words
  unsigned bytes;
};

struct FollowedRoutine {
  enum class Left : std::uint8_t { no, yes, unknown };
  Left has_left = Left::no;
  LineValue rip;                              ///< where it continues, if it has left
  StraightLine line;                          ///< with the registers
  std::vector<LineValue> pointers;            ///< by the number of the word that was loaded
  std::size_t loads_before_calls = SIZE_MAX;  ///< later ones are of memory that a callee may change
  std::vector<FollowedStore> stores;          ///< in order
  std::map<AddressBase, Extent> extents;
  std::vector<LineValue> mxcsr_words;  ///< that LDMXCSR loads
  std::vector<std::string> notes;      ///< what was not followed, `+0xOFFSET  INSTRUCTION: why`
  bool changes_mxcsr = false;
  bool changes_x87 = false;
  bool changes_df = false;
};

/// Follows the first path, on which no conditional jump is taken, and jumps within the routine lead
/// forward.
FollowedRoutine follow(const Routine& routine);

/// Whether it is a sum over a base: not unknown, and no place of the file, which is another number
/// wherever the file is loaded.
bool is_followed(const LineValue& value);

bool overlap(const FollowedStore& store, const LineValue& address, unsigned bytes);

}  // namespace fiberproof::verify
