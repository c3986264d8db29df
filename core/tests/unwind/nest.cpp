#include "core/tests/unwind/nest.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

namespace fiberproof::unwind {
namespace {

constexpr std::uint64_t stack_bytes = 64 * 1024;  // an unwinder that runs on one takes about 10 KiB

// Lowest, highest, second lowest, second highest, …
std::vector<Stack> stacks_up_and_down(std::size_t count) {
  std::vector<Stack> mapped;
  for (std::size_t index = 0; index < count; ++index) {
    mapped.push_back(Stack::map(stack_bytes).value());
  }
  std::vector<std::size_t> upwards(count);
  std::iota(upwards.begin(), upwards.end(), std::size_t{0});
  std::ranges::sort(upwards, {}, [&](std::size_t index) { return mapped[index].bounds().top; });
  std::vector<Stack> mixed;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t from = index % 2 == 0 ? index / 2 : count - 1 - index / 2;
    mixed.push_back(std::move(mapped[upwards[from]]));
  }
  return mixed;
}

}  // namespace

Nest::Nest(std::size_t depth, Trampoline trampoline, std::function<bool(Nest&)> innermost_body)
    : innermost_body_(std::move(innermost_body)), stacks_(stacks_up_and_down(depth)) {
  store_.options.trampoline = trampoline;
}

Nest::Nest(std::size_t depth, StartRoutine* trampoline, std::function<bool(Nest&)> innermost_body)
    : Nest(depth, Trampoline::trap, std::move(innermost_body)) {
  foreign_trampoline_ = trampoline;
}

bool Nest::run() {
  const Entry entry(store_);
  return run_level();
}

std::vector<StackBounds> Nest::bounds() const {
  std::vector<StackBounds> all;
  std::ranges::transform(stacks_, std::back_inserter(all), &Stack::bounds);
  return all;
}

bool Nest::body(const FuncRef& self, void*, Value*, std::uint32_t) {
  Nest& nest = *static_cast<Nest*>(self.vmctx);
  return nest.level_ < nest.stacks_.size() ? nest.run_level() : nest.innermost_body_(nest);
}

[[gnu::noinline]] bool Nest::run_level() {
  const std::array<const Tag*, 2> tags{&to_parent_, &to_initial_};
  const auto handlers = Handlers::suspends(std::span(tags).first(level_ == 0 ? 2 : 1));
  const Handle child = cont_new(store_, &function_, stacks_[level_]).value();
  if (foreign_trampoline_ != nullptr) {
    child.record->control_context->rip = reinterpret_cast<std::uint64_t>(foreign_trampoline_);
  }
  ++level_;
  auto outcome = resume(store_, child, {}, handlers);
  while (outcome && outcome->kind == Outcome::Kind::suspended) {
    fiberproof_unwind_second_resumer(store_, handlers, outcome);
  }
  --level_;
  return outcome.has_value();
}

}  // namespace fiberproof::unwind

extern "C" [[gnu::noinline]] void fiberproof_unwind_second_resumer(
    fiberproof::Store& store, const fiberproof::Handlers& handlers,
    std::expected<fiberproof::Outcome, fiberproof::Trap>& suspended) {
  suspended = fiberproof::resume(store, suspended->handle, {}, handlers);
}
