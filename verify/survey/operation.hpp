// What a compiler makes around a switch: where its context comes from, and that the limit of the
// stack that is resumed becomes the limit that is checked. As far as the straight line before the
// switch tells; what comes to it from further back is not known, and said.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/smt/query.hpp"
#include "verify/survey/engine_offsets.hpp"
#include "verify/survey/survey.hpp"

#include <array>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// One part of an operation. `proved` is a fact about the data flow of the bytes, `refuted` one
/// that contradicts the offsets; the rest is unknown, with its reason.
struct OperationPart {
  Verdict verdict = Verdict::unknown;
  std::string reason = {};
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

SwitchOperation operation_of(const ObjectFile& file, const FoundSwitch& found,
                             const EngineOffsets& offsets);

}  // namespace fiberproof::verify
