// The end of the process that a Program must come to, as plain data: a step met a guard page (C8),
// or a check of core stopped a resumption (C3). Replays, fuzz targets and stories all read it here.
#pragma once

#include "fuzz/program/expectation.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/spec/spec_id.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fiberproof::fuzz {

class Reference;

struct PredictedEnd {
  enum class Kind : std::uint8_t {
    overflow,    ///< reported as an overflow of the continuation on whose stack the code runs
    trespass,    ///< reported as an access from elsewhere
    unreported,  ///< a guard page of no continuation: the signal alone
    check,       ///< a check of core prints its rule and traps
  };
  Kind kind;
  bool by_recursion = false;  ///< the code runs down to the guard pages; else it reads a word there
  bool by_throw = false;      ///< the resumption that a check stops has an exception to throw
  bool is_beside = false;     ///< the continuation is one that was started beside the store
  std::uint32_t stack = 0;    ///< index of the continuation in the reference, unless it is beside
  std::uint32_t continuation = 0;  ///< its number in its store, from 1
  std::uint32_t depth = 0;         ///< in its chain, from 1; 0 if that has no initial stack
  std::uint32_t entries = 1;       ///< that the program's store has open
  std::uint32_t parent = 0;        ///< index of the parent that a check finds
  std::uint64_t usable_bytes = 0;
  std::uint64_t offset = 0;  ///< of the word that is read, from the lowest guard page
  friend bool operator==(const PredictedEnd&, const PredictedEnd&) = default;
};

/// The end that `program`, which is valid, comes to; nothing if it takes all its steps.
std::optional<PredictedEnd> predict_end(const Program& program);

/// The same with the work of the run: its steps, and the values of the store.
struct Prediction {
  std::optional<PredictedEnd> end;
  std::uint64_t work = 0;
};
Prediction predict(const Program& program);

/// The reference after the last step of `program` that is taken: where a further step would be
/// taken. It is the same object for every call.
const Reference& reference_after(const Program& program);

/// The rule that the end is of.
constexpr SpecId rule_of(PredictedEnd::Kind kind) {
  return kind == PredictedEnd::Kind::check ? SpecId::C3 : SpecId::C8;
}

/// What a Program with this end must expect.
Expectation expectation_of(const std::optional<PredictedEnd>& end);

/// One line for people, without a full stop.
std::string describe(const PredictedEnd& end);

}  // namespace fiberproof::fuzz
