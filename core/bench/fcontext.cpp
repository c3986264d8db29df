// Boost.Context's assembly by itself: make_fcontext and jump_fcontext, which save the callee-saved
// registers, MXCSR and the x87 control word.
//
// MXCSR also holds the sticky flags of arithmetic. Where the two sides differ in one, each switch
// loads another MXCSR than the one before it, which costs some CPUs hundreds of cycles; so there is
// one more contender, whose fiber has not seen the inexact result that main() begins with.
#include "core/bench/contenders.hpp"
#include "core/bench/stackful_rows.hpp"

#include <xmmintrin.h>
#include <boost/context/detail/fcontext.hpp>

namespace fiberproof::bench {
namespace {

namespace detail = boost::context::detail;

class FcontextFiber {
 public:
  using Body = void(FcontextFiber& self, void* argument);
  using FreshStack = PlainMapping;

  FcontextFiber(StackBounds stack, Body* body, void* argument)
      : fiber_(
            detail::make_fcontext(reinterpret_cast<void*>(stack.top), stack.usable_bytes, enter)),
        body_(body),
        argument_(argument) {}
  FcontextFiber(const FcontextFiber&) = delete;
  FcontextFiber& operator=(const FcontextFiber&) = delete;

  void resume() { fiber_ = detail::jump_fcontext(fiber_, this).fctx; }
  void yield() { parent_ = detail::jump_fcontext(parent_, nullptr).fctx; }

 private:
  static void enter(detail::transfer_t from) {
    auto& self = *static_cast<FcontextFiber*>(from.data);
    self.parent_ = from.fctx;
    self.body_(self, self.argument_);
    detail::jump_fcontext(self.parent_, nullptr);
  }

  detail::fcontext_t fiber_;
  detail::fcontext_t parent_ = nullptr;
  Body* body_;
  void* argument_;
};

void count_and_yield_without_flags(FcontextFiber& self, void* argument) {
  _mm_setcsr(_mm_getcsr() & ~static_cast<unsigned>(_MM_EXCEPT_MASK));
  count_and_yield(self, argument);
}

Work measure_switch_where_flags_differ(benchmark::State& state) {
  std::uint64_t count = 0;
  FcontextFiber fiber(used_stack(), count_and_yield_without_flags, &count);
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { resume_repeatedly(fiber, batch); });
  return {pairs, count};
}

}  // namespace

void add_fcontext() {
  add_all_rows<FcontextFiber>("fcontext");
  add_benchmark(switch_row, "fcontext_flags_differ", measure_switch_where_flags_differ);
}

}  // namespace fiberproof::bench
