// The C library's ucontext. Each swapcontext saves and sets the signal mask by a system call.
#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"

#include <ucontext.h>

namespace fiberproof::bench {
namespace {

class UcontextFiber {
 public:
  using Body = void(UcontextFiber& self, void* argument);
  using FreshStack = PlainMapping;

  UcontextFiber(StackBounds stack, Body* body, void* argument) : body_(body), argument_(argument) {
    ::getcontext(&fiber_);
    fiber_.uc_stack.ss_sp = reinterpret_cast<void*>(stack.limit());
    fiber_.uc_stack.ss_size = stack.usable_bytes;
    fiber_.uc_link = &parent_;
    // makecontext's function takes ints: the two halves of this fiber's address.
    const auto address = reinterpret_cast<std::uint64_t>(this);
    ::makecontext(&fiber_, reinterpret_cast<void (*)()>(enter), 2,
                  static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
  }
  UcontextFiber(const UcontextFiber&) = delete;
  UcontextFiber& operator=(const UcontextFiber&) = delete;

  void resume() { ::swapcontext(&parent_, &fiber_); }
  void yield() { ::swapcontext(&fiber_, &parent_); }

 private:
  static void enter(unsigned high, unsigned low) {
    auto& self = *reinterpret_cast<UcontextFiber*>(std::uint64_t{high} << 32 | low);
    self.body_(self, self.argument_);
  }

  ucontext_t fiber_{};
  ucontext_t parent_{};
  Body* body_;
  void* argument_;
};

}  // namespace

void add_ucontext() {
  add_all_rows<UcontextFiber>("ucontext");
}

}  // namespace fiberproof::bench
