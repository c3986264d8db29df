#include "fuzz/run/native_stacks.hpp"

namespace fiberproof::fuzz {

NativeStack& NativeStacks::add(StackIndex index, StackRecord& record, Span span) {
  while (stacks_.size() <= index) {
    stacks_.push_back(std::make_unique<NativeStack>());
  }
  NativeStack& made = *stacks_[index];
  made.record = &record;
  made.span = span;
  made.uses = 0;
  made.entered = false;
  made.probed = false;
  made.stepped_through = false;
  made.at_end = {};
  made.frames.clear();
  made.latest_refusal.reset();
  return made;
}

}  // namespace fiberproof::fuzz
