// Walks chains in which a word is wrong for as long as the walk takes: as after an overrun, a wild
// pointer, or an embedder that has lost count of its records. Signal handlers and profilers rely on
// a walk then, so it must stop at that word, touch nothing beyond, and say where it is (C6).
#pragma once

#include "fuzz/run/view.hpp"
#include "fuzz/run/walker.hpp"

#include <array>
#include <cstdint>

namespace fiberproof::fuzz {

class BrokenWalker {
 public:
  BrokenWalker(const RunView& view, Walker& walker) : view_(view), walker_(walker) {}

  /// The active chain, whose innermost stack is `self`.
  void walk_active_chain(Damage damage, StackIndex self);
  /// The suspended chain that a slot names.
  void walk_slot(Damage damage, std::uint8_t number);

 private:
  /// Words of a chain that are wrong while it is walked, and what the walk must report.
  struct WrongWord {
    std::uint64_t address;  ///< 0 where the walk begins with the wrong word
    std::uint64_t wrong;
  };
  struct Breach {
    static constexpr std::size_t words_max = 3;
    std::array<WrongWord, words_max> words;  ///< as many as have an address
    oracle::BrokenWalk expected;
    StackIndex on;  ///< the stack that the walk must name
  };

  std::uint64_t lowest_of(StackIndex index) const;
  std::uint64_t parent_word(StackIndex index) const;
  Breach breach_of_context(Damage damage, std::uint64_t context, StackIndex next,
                           std::uint64_t after) const;
  Breach breach_of(Damage damage, StackIndex innermost, bool waits) const;
  template <class Act>
  void while_broken(const Breach& breach, Act act) const;
  template <class Walk>
  void judge_broken_walk(const Breach& breach, Walk walk) const;

  const RunView& view_;
  Walker& walker_;
};

}  // namespace fiberproof::fuzz
