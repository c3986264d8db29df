// Laying out, observed: what is written, what is not, and what is refused.
#include "core/continuation_start.hpp"
#include "core/initialize.hpp"
#include "core/sanitizer.hpp"
#include "fuzz/run/start_runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

// How far around the layout words are watched: so that a small stack is compared as a whole, and
// less far in a body, whose steps are run many times.
constexpr std::uint64_t reach_in_main = 8 * 1024;
constexpr std::uint64_t reach_in_a_body = 1024;

// Recognizable, 16-byte aligned and never followed.
constexpr std::uint64_t func_ref_token = 0x7f0e'f00d'0000'1230;
constexpr std::uint64_t vmctx_token = 0x7f0e'cafe'0000'4560;

/// An empty args object between words that nobody may write.
struct GuardedArgs {
  std::array<std::uint64_t, 2> below;
  ArgsObject args;
  std::array<std::uint64_t, 2> above;
};

template <class T>
Span span_of(const T& object) {
  const auto address = reinterpret_cast<std::uint64_t>(&object);
  return {address, address + sizeof object};
}

}  // namespace

Watched StartRunner::watch(Span watchable, const LayoutRequest& request, std::uint64_t reach) {
  const auto within = [watchable](std::uint64_t lowest, std::uint64_t end) {
    return Span{std::clamp(lowest, watchable.lowest, watchable.end),
                std::clamp(end, watchable.lowest, watchable.end)};
  };
  // The upper end is TOS, or the memory above it that belongs to a supplied stack.
  const Span top = within(request.top - spec::capacity_below_top - reach, watchable.end);
  const bool fits = spec::required_bytes(request.capacity()) <= request.usable_bytes;
  const std::uint64_t around = fits ? request.first_rsp() : request.top - request.usable_bytes;
  const Span low = within((around - reach) & ~std::uint64_t{7},
                          (around + spec::return_count_below + reach) & ~std::uint64_t{7});
  if (low.end >= top.lowest) {
    return {{Span{std::min(low.lowest, top.lowest), top.end}, Span{}}, 1};
  }
  return {{low, top}, 2};
}

void StartRunner::judge_layout(const LayoutRequest& request, const Watched& watched) {
  check(oracle::l1_control_context_and_capacity(request));
  check(oracle::l2_launch_words(request));
  check(oracle::l3_args_object(request));
  check(oracle::l6_regions_do_not_overlap(request));
  check(oracle::l7_aligned(request));
  const auto addresses = oracle::laid_out_addresses(request);
  std::array<std::uint64_t, addresses.size()> words;
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    words[index] = read_word(addresses[index]);
    write_word(addresses[index], pattern_at(addresses[index]));
  }
  check(oracle::l4_nothing_else_written(watched.all()));
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    write_word(addresses[index], words[index]);
  }
}

void StartRunner::initialize_only(const Step& step) {
  const auto leased = stacks_.to_lay_out_on(progress_.program().stacks[step.stack]);
  if (!leased) {
    ++progress_.outcome().unmapped;
    return;
  }
  const Signature& function = progress_.program().functions[step.function];
  const StackBounds bounds = (*leased)->stack->bounds();
  GuardedArgs guarded;
  guarded.args = {};
  const std::array<Span, 2> beside{span_of(guarded.below), span_of(guarded.above)};
  fill_with_pattern(beside[0]);
  fill_with_pattern(beside[1]);
  const LayoutRequest request{.top = bounds.top,
                              .usable_bytes = event().usable_bytes,
                              .params = function.params,
                              .returns = function.returns,
                              .start_routine = start_routine_address(),
                              .func_ref = func_ref_token,
                              .caller_vmctx = vmctx_token,
                              .args_object = reinterpret_cast<std::uint64_t>(&guarded.args)};
  const Watched watched =
      watch((*leased)->watchable, request, depth_ == 0 ? reach_in_main : reach_in_a_body);
  for (const Span span : watched.all()) {
    fill_with_pattern(span);
  }

  const auto laid_out =
      initialize(bounds,
                 {.start_routine = reinterpret_cast<StartRoutine*>(request.start_routine),
                  .func_ref = reinterpret_cast<const FuncRef*>(func_ref_token),
                  .caller_vmctx = reinterpret_cast<void*>(vmctx_token),
                  .parameter_count = function.params,
                  .return_value_count = function.returns},
                 guarded.args);
  sanitizer_written(&laid_out, sizeof laid_out);
  sanitizer_written(&guarded.args, sizeof guarded.args);

  const LayoutAnswer answer{laid_out.has_value(), laid_out ? 0 : laid_out.error().required_bytes,
                            laid_out ? 0 : laid_out.error().usable_bytes};
  check(oracle::l5_l8_fits_or_refused(request, answer));
  check(oracle::l4_nothing_else_written(beside));
  if (answer.accepted) {
    snapshot(request, 0);
    judge_layout(request, watched);
  } else {
    check(oracle::l5_refusal_wrote_nothing(request, watched.all()));
  }
}

}  // namespace fiberproof::fuzz
