// Every MachineProgram of a tiny world: one pooled stack shape of 64 KiB, a function of no values
// and one of one parameter and two results, few handle slots and tags, few values; and the steps
// that make, move and end continuations. Frames, entries and repeats are left to the fuzz targets.
//
// What is left out, and why nothing is lost by it:
//
// - Slots and tags are named in the order of their first use. Another order is another name for the
//   same: no rule asks for the number of a slot or tag.
// - A resume or throw-into without a suspend clause never writes its `to`, which is its handle
// then.
// - After a step that means nothing where it is taken, that is refused, or that throws on the
//   embedder's own stack, everything is as it was (SPEC.md, Continuations: refused), so that a
//   longer program is a shorter one that is enumerated as well. That everything *is* as it was, the
//   run asks right after the step: so each program that ends in such a step is enumerated. One
//   thing does differ after a refusal in a body, the reason of its later trap; so a trap comes
//   after it as well, but nothing in between, and nothing after.
//
// What takes more steps than can be enumerated, such as a switch to a chain of two stacks, is
// reached by a beginning that all programs share.
//
// What is a bound: tags of one clause list stand in the order of their numbers, each once; and
// which runs are probed follows from the program (run.cpp), and so from the names.
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
  std::uint8_t values =
      2;  ///< the most of a bind, resume, suspend and switch, and of its room; from 0
};
inline constexpr TinyWorld tiny_world_max = {3, 2, 2};

class Exhaustive {
 public:
  explicit Exhaustive(const TinyWorld& world);

  /// Every program begins with `steps`, of the world's names and in order, from now on.
  void begin_with(std::span<const MachineStep> steps);

  /// Sees a program, which is valid until it returns. Whether more are wanted.
  using Visit = std::function<bool(const MachineProgram& program)>;

  struct Count {
    std::uint64_t programs = 0;       ///< that were visited
    std::uint64_t not_continued = 0;  ///< shorter ones, after which everything was as before
    bool all = true;                  ///< no visit has ended the enumeration
  };

  /// Visits every program of exactly `steps` steps after the shared beginning: at least one, and
  /// machine_bounds::steps in all at most.
  Count programs_of(std::size_t steps, const Visit& visit);

 private:
  /// How many slots and tags have been named so far.
  struct Names {
    std::uint8_t slots = 0;
    std::uint8_t tags = 0;
  };
  struct Choice {
    MachineStep step;
    Names after;
  };
  enum class Effect : std::uint8_t { nothing, reason_of_a_trap, something };

  std::vector<MachineStep> all_steps() const;
  void offer(const MachineStep& step);
  static std::optional<Names> named_by(const MachineStep& step, Names before);
  bool extend(Names names, std::size_t left, const Visit& visit);
  bool extend_by_trap(std::size_t left, const Visit& visit);
  bool visited(const Visit& visit);
  Effect effect_of_last_step();

  TinyWorld world_;
  MachineProgram program_;
  MachineReference reference_;
  std::vector<MachineStep> beginning_;
  Count count_;
  std::array<std::array<std::vector<Choice>, tiny_world_max.tags + 1>, tiny_world_max.slots + 1>
      choices_;  ///< by the names in use
};

}  // namespace fiberproof::fuzz
