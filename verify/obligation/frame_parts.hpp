// The bytes that a contract lets code write, cut into pieces: at the bounds of what its clauses
// read, and of what its `unclaimed` statements name. With them, the reasons that those statements
// give.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/smt/memory.hpp"
#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Bytes that may be written, where `condition` holds.
struct WritableRange {
  Location low;
  Location high;
  std::optional<std::uint64_t> bytes;  ///< none if their number is not a constant
  Formula condition;
  std::string text;
};

/// The bytes [begin, end) of a range, all within one chunk of memory that clauses read, or in none.
struct FramePiece {
  static constexpr std::size_t no_chunk = static_cast<std::size_t>(-1);

  const WritableRange* range;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< 0 for a range of an unknown number of bytes
  std::size_t chunk = no_chunk;
  std::uint64_t offset = 0;                   ///< of the first byte in the chunk
  std::optional<std::string> undecided = {};  ///< why it is not known which chunk they are in

  std::uint64_t size() const { return end - begin; }
  Formula condition() const { return range->condition; }
  FramePiece part(std::uint64_t from, std::uint64_t to) const;
  /// These bytes of a chunk's value.
  Term of_chunk(Term value) const;
  std::string text() const;
};

/// A statement that names a part at a point.
struct FrameReason {
  const UnclaimedDeclaration* declaration;
  Formula condition;
  std::function<void()> is_used;  ///< to be called if the part is open where the condition holds
};

class FrameParts {
 public:
  FrameParts(const Contract& contract, Case& in, Solver& solver)
      : contract_(contract), in_(in), solver_(solver), entry_(in.entry_scope()) {}

  /// Evaluates the ranges. An error names the place in the contract.
  [[nodiscard]] std::expected<void, std::string> read();

  /// Where code may write one of these bytes, as far as it is known; true if it is not.
  Formula may_be_written(const Location& location, unsigned bytes);

  std::vector<FramePiece> pieces(const std::vector<Memory::Chunk>& chunks);

  std::vector<FrameReason> reasons_for(std::string_view register_name, const std::string& point);
  std::vector<FrameReason> reasons_for(const FramePiece& piece, const std::string& point);

  /// One line for each statement that says more than was open.
  std::vector<std::string> unneeded() const;

 private:
  struct ReasonRange {
    Location low;
    Location high;
    std::optional<std::uint64_t> bytes;
    std::set<std::uint64_t> open;  // offsets of bytes
    bool is_open = false;
  };
  struct Reason {
    const UnclaimedDeclaration* declaration;
    Formula condition;
    std::vector<ReasonRange> ranges;
    std::set<std::string, std::less<>> registers;  // that were open
    std::set<std::string, std::less<>> points;     // where something was open
  };

  [[nodiscard]] std::expected<WritableRange, std::string> evaluated(
      const Range& range, const std::optional<Expression>& condition, std::string text);
  [[nodiscard]] std::expected<void, std::string> read_reason(const UnclaimedDeclaration& unclaimed);
  static bool is_at(const Reason& reason, const std::string& point);
  /// Whether no byte is in both, wherever the condition of the range holds.
  bool are_apart(const WritableRange& range, const Memory::Chunk& chunk);

  const Contract& contract_;
  Case& in_;
  Solver& solver_;
  Scope entry_;
  std::vector<WritableRange> writable_;
  std::deque<Reason> reasons_;
};

}  // namespace fiberproof::verify
