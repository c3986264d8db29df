// The shared view of a run, for all its parts to read: how far it has come, the native stacks, and
// what the embedder owns. A part that writes one of them holds another reference to it.
#pragma once

#include "fuzz/oracle/end_place.hpp"
#include "fuzz/oracle/same.hpp"
#include "fuzz/run/embedder.hpp"
#include "fuzz/run/native_stacks.hpp"
#include "fuzz/run/progress.hpp"

#include <cstdint>

namespace fiberproof::fuzz {

struct RunView {
  const Progress& progress;
  const NativeStacks& natives;
  const Embedder& embedder;

  const Reference& reference() const { return progress.reference(); }
  /// The store of the running stack.
  const Store& store() const { return embedder.store(); }
  const Handle& slot(std::size_t number) const { return embedder.slots()[number]; }
  /// Address of the record of a stack; 0 for no_stack.
  std::uint64_t record_of(StackIndex index) const {
    return index == no_stack ? 0 : reinterpret_cast<std::uint64_t>(natives[index].record);
  }
  /// What core calls a continuation, by its number in the store.
  std::uint64_t number_of(StackIndex index) const {
    const ReferenceStack& stack = reference().stack(index);
    return stack.number + embedder.numbers_before(stack.store);
  }
  /// The addresses of the end that the latest step brings about.
  EndPlace end_place() const;
  /// What the stack of a continuation was laid out for.
  LayoutRequest layout_of(StackIndex index) const;
  /// Copies the top of a continuation's stack, where somebody wants snapshots.
  void snapshot(StackIndex index) const;

  void check(const Verdict& verdict) const { progress.check(verdict); }
  /// Compares what was seen with what the rule says (oracle/same.hpp).
  void same(SpecId id, const char* what, std::uint64_t expected, std::uint64_t got) const {
    check(oracle::same(id, what, expected, got));
  }
  template <oracle::NamedOutcome T>
  void same(SpecId id, const char* what, T expected, T got) const {
    check(oracle::same(id, what, expected, got));
  }
};

}  // namespace fiberproof::fuzz
