// Memory that only stacks own: objects of the heap to which nothing refers but a frame of a
// continuation that waits, on its stack or on AddressSanitizer's fake stack, or the args buffer of
// a fresh one. LeakSanitizer must find them reachable, since these stacks still have their owners
// (C7). Their list holds each address in disguise, and frees all that is left at the end of a run.
//
// A look stops the process for some 20 milliseconds and reads every stack, so few runs have one: a
// new process soon has some, and later one in so many runs as it has stacks, times a constant. A
// hash of the program decides, and a process that replays it is a new one, which looks at more.
#pragma once

#include "fuzz/run/view.hpp"

#include <cstdint>
#include <vector>

namespace fiberproof::fuzz {

class Owners {
 public:
  explicit Owners(const RunView& view) : view_(view) {}

  /// `hash` is of the program. Only a build with LeakSanitizer has owners.
  void begin(std::uint32_t hash);
  bool are_wanted() const { return are_wanted_; }

  /// A local variable that owns an object of the heap while its frame lives.
  class Owner {
   public:
    Owner(Owners& owners, StackIndex stack) : owners_(owners) { owners.give(stack, &object_); }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { owners_.take(&object_); }

   private:
    Owners& owners_;
    std::uint64_t object_ = 0;
  };

  /// A continuation was made: the last word of its args buffer owns an object until it is written.
  void made(StackIndex index);
  /// Whatever frames and buffers of a continuation that has ended have owned.
  void ended(StackIndex index);

  /// On the embedder's stack, when the steps are over and continuations wait.
  void look();
  void end();

 private:
  enum class Place : std::uint8_t { frame, buffer };
  struct Object {
    std::uint64_t disguised;
    std::uint64_t word;  ///< address of the one word that has its own
    StackIndex stack;
    Place place;
  };

  void give(StackIndex stack, std::uint64_t* owner);
  void give(StackIndex stack, std::uint64_t word, Place place);
  void take(std::uint64_t* owner);

  const RunView& view_;
  bool are_wanted_ = false;
  std::uint64_t looks_ = 0;           ///< of this process
  std::uint64_t stacks_ = 0;          ///< the most that a run has found in its store
  std::vector<std::uint64_t> spare_;  ///< disguised; made before the run, for its owners
  std::vector<Object> owned_;
};

}  // namespace fiberproof::fuzz
