// What a compiler makes around a switch: where its context comes from, and that the limit of the
// stack that is resumed becomes the limit that is checked. As far as the straight line before the
// switch tells; what comes to it from further back is not known, and said.
//
// A straight line begins behind the last call or jump, and where a branch or a jump table leads.
// Landing pads of exceptions are not looked for.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/survey/code_pieces.hpp"
#include "verify/survey/engine_offsets.hpp"
#include "verify/survey/survey.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// One part of an operation. Proved is a fact about the data flow of the bytes; the rest is not
/// known: another form may be right, too.
struct OperationPart {
  bool is_proved = false;
  std::string reason = {};  ///< why it is not
};

struct SwitchOperation {
  OperationPart context;        ///< stored at TOS of a record's stack, plus the context's offset
  OperationPart last_ancestor;  ///< that record is the last ancestor of another one
  OperationPart stack_limit;    ///< the record that runs from here on gives the store its limit
};

inline constexpr std::array<std::string_view, 3> operation_parts{
    "the context is at its offset from the top of a record's stack",
    "that record is another one's last ancestor",
    "the record that runs from here on gives the store its stack limit",
};

class Operations {
 public:
  /// All three must outlive it.
  Operations(const ObjectFile& file, const Survey& found, const EngineOffsets& offsets)
      : file_(file), found_(found), offsets_(offsets), pieces_(code_pieces(file)) {}

  SwitchOperation around(const FoundSwitch& one) const;

 private:
  const ObjectFile& file_;
  const Survey& found_;
  const EngineOffsets& offsets_;
  std::vector<CodePiece> pieces_;
};

}  // namespace fiberproof::verify
