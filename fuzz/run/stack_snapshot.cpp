#include "fuzz/run/stack_snapshot.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

StackSnapshot* wanted_in = nullptr;

}  // namespace

void keep_snapshots_in(StackSnapshot* place) {
  wanted_in = place;
}

FIBERPROOF_UNINSTRUMENTED bool are_snapshots_wanted() {
  return wanted_in != nullptr;
}

FIBERPROOF_UNINSTRUMENTED void note_step(std::uint64_t step) {
  wanted_in->begun = step;
}

FIBERPROOF_UNINSTRUMENTED void take_snapshot(const LayoutRequest& layout,
                                             std::uint32_t continuation, bool is_started,
                                             std::uint64_t step) {
  StackSnapshot& snapshot = *wanted_in;
  const std::uint64_t top = layout.top;
  const std::uint64_t base = top - spec::buffer_bytes(layout.capacity());
  snapshot.layout = layout;
  snapshot.step = step;
  snapshot.begun = step;
  snapshot.continuation = continuation;
  snapshot.is_started = is_started;
  snapshot.rip = read_word(top - spec::saved_rip_below_top);
  snapshot.rbp = read_word(top - spec::saved_rbp_below_top);
  snapshot.rsp = read_word(top - spec::saved_rsp_below_top);
  snapshot.args_capacity = read_word(top - spec::capacity_below_top);
  const std::size_t count = std::min<std::size_t>(layout.capacity(), StackSnapshot::values_max);
  for (std::size_t index = 0; index < count; ++index) {
    const std::uint64_t value = base - spec::buffer_below + spec::value_bytes * index;
    snapshot.values[index] = {read_word(value), read_word(value + 8)};
  }
  snapshot.func_ref = read_word(base - spec::func_ref_below);
  snapshot.caller_vmctx = read_word(base - spec::vmctx_below);
  snapshot.args = read_word(base - spec::args_below);
  snapshot.return_value_count = read_word(base - spec::return_count_below);
}

}  // namespace fiberproof::fuzz
