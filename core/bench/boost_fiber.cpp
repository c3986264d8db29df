// boost::context::fiber, the class that users of Boost.Context are meant to use. Destroying one
// that is suspended unwinds its stack.
#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <memory>
#include <utility>

namespace fiberproof::bench {
namespace {

namespace context = boost::context;

/// A stack allocator that owns nothing.
class Lent {
 public:
  explicit Lent(StackBounds stack) : stack_(stack) {}

  context::stack_context allocate() const {
    context::stack_context lent;
    lent.sp = reinterpret_cast<void*>(stack_.top);
    lent.size = stack_.usable_bytes;
    return lent;
  }
  void deallocate(context::stack_context&) const noexcept {}

 private:
  StackBounds stack_;
};

/// Boost's stacks with a guard page.
class ProtectedStack {
 public:
  ProtectedStack() = default;
  ProtectedStack(const ProtectedStack&) = delete;
  ProtectedStack& operator=(const ProtectedStack&) = delete;
  ~ProtectedStack() { allocator_.deallocate(stack_); }

  StackBounds bounds() const {
    return {reinterpret_cast<std::uint64_t>(stack_.sp), stack_.size - page_bytes()};
  }

 private:
  context::protected_fixedsize_stack allocator_{stack_bytes};
  context::stack_context stack_ = allocator_.allocate();
};

class BoostFiber {
 public:
  using Body = void(BoostFiber& self, void* argument);
  using FreshStack = ProtectedStack;

  BoostFiber(StackBounds stack, Body* body, void* argument)
      : fiber_(std::allocator_arg, Lent(stack), [this, body, argument](context::fiber&& parent) {
          parent_ = std::move(parent);
          body(*this, argument);
          return std::move(parent_);
        }) {}
  BoostFiber(const BoostFiber&) = delete;
  BoostFiber& operator=(const BoostFiber&) = delete;

  void resume() { fiber_ = std::move(fiber_).resume(); }
  void yield() { parent_ = std::move(parent_).resume(); }

 private:
  context::fiber parent_;
  context::fiber fiber_;
};

}  // namespace

void add_boost_fiber() {
  add_all_rows<BoostFiber>("boost_fiber");
}

}  // namespace fiberproof::bench
