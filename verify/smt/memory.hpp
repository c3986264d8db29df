// Memory as regions: the stack, a control context elsewhere, an object. Each region has a base
// variable. An address belongs to the region whose base it contains exactly once; the rest, after
// the base is cancelled, is the offset. An address that belongs to no region is a fault of the
// execution, never a guess.
//
// The encoding assumes that different regions are disjoint (verify/SOUNDNESS.md, M1). In return, a
// query about an access has no arrays, no quantifiers and no address arithmetic on bases.
#pragma once

#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The addresses [base + low, base + low + size). `base` is a variable.
struct Region {
  std::string name;
  Term base;
  Term low;
  Term size;
  bool read_only = false;
};

/// An address within a region, as an offset from its base.
struct Location {
  std::size_t region;  ///< index in Regions
  Term offset;
};

using Regions = std::vector<Region>;

/// Finds the region of `address`, or says why there is none.
[[nodiscard]] std::expected<Location, std::string> locate(const Regions& regions, Term address);

/// The condition under which [offset, offset + bytes) lies inside the region.
Formula is_inside(const Region& region, Term offset, std::uint64_t bytes);

/// The contents of all regions at one point of one path. Copies share the contents that were never
/// written.
class Memory {
 public:
  /// `epoch` names the unknown initial contents: two memories of different epochs have unrelated
  /// contents.
  Memory(const Regions* regions, Solver* solver, std::string epoch);

  /// The value of 1, 4 or 8 bytes at `location`, zero-extended. The solver decides under `path`
  /// which earlier store the load reads; an undecided overlap is an error.
  [[nodiscard]] std::expected<Term, std::string> load(const Location& location, unsigned bytes,
                                                      const std::vector<Formula>& path);

  void store(const Location& location, Term value, unsigned bytes);

  /// Defines the initial contents of a location.
  void define_initial(const Location& location, Term value, unsigned bytes);

  /// Decides whether two accesses overlap.
  Solver& solver() { return *solver_; }

  /// Makes all contents unknown: any code may have stored anywhere.
  void havoc(std::string epoch);

  struct Chunk {
    Location location;
    unsigned bytes;
    Term value;
  };
  /// The initial contents that were defined or loaded so far, in this order.
  const std::vector<Chunk>& known_initial() const { return initial_->chunks; }

 private:
  struct Initial {
    std::string epoch;
    std::vector<Chunk> chunks;
  };
  struct Overlap {
    enum class Kind { none, covers, partial, undecided };
    Kind kind;
    unsigned skipped = 0;  ///< bytes of the chunk below the loaded ones, where it covers them
  };

  Overlap overlap(const Chunk& chunk, const Location& wanted, unsigned bytes,
                  const std::vector<Formula>& path);
  [[nodiscard]] std::expected<Term, std::string> load_bytewise(const Location& location,
                                                               unsigned bytes,
                                                               const std::vector<Formula>& path);
  Term initial_contents(const Location& location, unsigned bytes);
  bool holds(Formula goal, const std::vector<Formula>& path);

  const Regions* regions_;
  Solver* solver_;
  std::vector<Chunk> written_;
  std::shared_ptr<Initial> initial_;
};

}  // namespace fiberproof::verify
