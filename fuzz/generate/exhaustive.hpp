// Every Program of a tiny world: one pooled stack shape of 64 KiB, a function of no values
// and one of one parameter and two results, few handle slots and tags, few values; and the steps
// that make, move and end continuations. Frames, entries and repeats are left to the fuzz targets.
//
// The enumeration leaves out the following programs, and loses nothing:
//
// - Slots and tags are named in the order of their first use. Another order only renames a program:
//   no rule depends on the number of a slot or tag.
// - A resume or throw-into without a suspend clause never writes its `to`, so `to` is its handle.
// - A step that is skipped, rejected, or throws on the embedder's own stack changes nothing
// (SPEC.md,
//   Continuations: refused), so a program that continues after it does what a shorter one does. The
//   run checks right after the step that nothing changed, so programs that end in such a step are
//   enumerated. A rejection in a body does change one thing, the reason of a later trap; so a trap
//   is tried right after it, and nothing else.
//
// States that need more steps than can be enumerated, such as a switch to a chain of two stacks,
// are reached by a beginning that all programs share.
//
// Two bounds remain: the tags of one clause list stand in the order of their numbers, each once;
// and which runs are probed follows from the program (run.cpp), and so from its names.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/reference/reference.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace fiberproof::fuzz {

/// Sizes of the world: from 1, and at most those of tiny_world_max.
struct TinyWorld {
  std::uint8_t slots = 2;
  std::uint8_t tags = 1;
  std::uint8_t values = 2;  ///< at most, of one step, and of the room of one; from 0
};
inline constexpr TinyWorld tiny_world_max = {3, 2, 2};

class Exhaustive {
 public:
  explicit Exhaustive(const TinyWorld& world);

  /// Every program begins with `steps`, of the world's names and in order, from now on.
  void begin_with(std::span<const Step> steps);

  /// Sees a program, which is valid until the visitor returns. Returns whether to continue.
  using Visit = std::function<bool(const Program& program)>;

  struct Count {
    std::uint64_t programs = 0;       ///< that were visited
    std::uint64_t not_continued = 0;  ///< shorter ones whose last step changed nothing
    bool all = true;                  ///< no visitor ended the enumeration
  };

  /// Visits every program of exactly `steps` steps after the shared beginning: at least one, and
  /// program_bounds::steps in all at most.
  Count programs_of(std::size_t steps, const Visit& visit);

 private:
  /// How many slots and tags have been named so far.
  struct Names {
    std::uint8_t slots = 0;
    std::uint8_t tags = 0;
  };
  struct Choice {
    Step step;
    Names after;
  };
  enum class Effect : std::uint8_t { nothing, reason_of_a_trap, something };

  std::vector<Step> all_steps() const;
  void offer(const Step& step);
  static std::optional<Names> named_by(const Step& step, Names before);
  bool extend(Names names, std::size_t left, const Visit& visit);
  bool extend_by_trap(std::size_t left, const Visit& visit);
  bool visited(const Visit& visit);
  Effect effect_of_last_step();

  TinyWorld world_;
  Program program_;
  Reference reference_;
  std::vector<Step> beginning_;
  Count count_;
  std::array<std::array<std::vector<Choice>, tiny_world_max.tags + 1>, tiny_world_max.slots + 1>
      choices_;  ///< by the names in use
};

}  // namespace fiberproof::fuzz
