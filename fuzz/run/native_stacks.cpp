#include "fuzz/run/native_stacks.hpp"

#include <cxxabi.h>

#include <memory>
#include <utility>

namespace fiberproof::fuzz {

void NativeStack::release_held_up() {
  for (BodyException* const exception : std::exchange(held_up, {})) {
    std::destroy_at(exception);
    abi::__cxa_free_exception(exception);
  }
}

NativeStack& NativeStacks::add(StackIndex index, StackRecord& record, Span span) {
  while (stacks_.size() <= index) {
    stacks_.push_back(std::make_unique<NativeStack>());
  }
  NativeStack& made = *stacks_[index];
  made.record = &record;
  made.span = span;
  made.stack = nullptr;
  made.args_length.reset();
  made.uses = 0;
  made.entered = false;
  made.probed = false;
  made.stepped_through = false;
  made.at_end = {};
  made.frames.clear();
  made.held_up.clear();
  made.latest_refusal.reset();
  made.handlers = nullptr;
  made.room = 0;
  return made;
}

}  // namespace fiberproof::fuzz
