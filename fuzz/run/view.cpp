#include "fuzz/run/view.hpp"

#include "core/continuation_start.hpp"
#include "fuzz/run/stack_snapshot.hpp"

namespace fiberproof::fuzz {

EndPlace RunView::end_place() const {
  const PredictedEnd& end = *reference().process_end();
  if (end.kind == PredictedEnd::Kind::check) {
    return {.parent = record_of(end.parent)};
  }
  EndPlace place{.limit = natives[end.stack].span.lowest,
                 .earlier = embedder.numbers_before(reference().stack(end.stack).store)};
  place.access = end.by_recursion ? 0 : place.guard_lowest() + end.offset;
  return place;
}

LayoutRequest RunView::layout_of(StackIndex index) const {
  const ReferenceStack& expected = reference().stack(index);
  const Signature& signature = progress.program().functions[expected.function];
  const FuncRef* const function = &embedder.function(expected.function);
  const NativeStack& stack = natives[index];
  return {.top = stack.span.end,
          .usable_bytes = expected.usable_bytes,
          .params = signature.params,
          .returns = signature.returns,
          .start_routine = reinterpret_cast<std::uint64_t>(start_routine(Trampoline::trap)),
          .func_ref = reinterpret_cast<std::uint64_t>(function),
          .caller_vmctx = reinterpret_cast<std::uint64_t>(&embedder.store(expected.store)),
          .args_object = reinterpret_cast<std::uint64_t>(&stack.continuation().args)};
}

void RunView::snapshot(StackIndex index) const {
  if (!are_snapshots_wanted()) [[likely]] {
    return;
  }
  note_step(reference().serial());
  if (!reference().stack(index).initial) {
    take_snapshot(layout_of(index), reference().stack(index).number, false, reference().serial());
  }
}

}  // namespace fiberproof::fuzz
