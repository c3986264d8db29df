#include "fuzz/run/embedder.hpp"

#include "core/continuation.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/run/view.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <sys/mman.h>

namespace fiberproof::fuzz {
namespace {

// Stacks kept between runs. Under AddressSanitizer each may come to hold some 400 KiB, most of it
// fake frames, so there this bounds the memory of a campaign. Elsewhere mapping stacks of so many
// sizes anew is a quarter of the time of a run with fewer.
#ifdef FIBERPROOF_ASAN
constexpr std::size_t stacks_kept_max = 256;
#else
constexpr std::size_t stacks_kept_max = 8192;
#endif
// In a store of one run: few, so that some are unmapped before its end.
constexpr std::size_t own_stacks_kept_max = 2;
// One run in so many has a store of its own.
constexpr std::uint32_t own_store_period = 64;

StoreOptions store_options(std::size_t kept_max) {
  return {.stack_bytes = program_bounds::store_stack_bytes,
          .stacks = {.staggered = true, .kept_max = kept_max}};
}

constexpr std::uint64_t round_down_to_pages(std::uint64_t address) {
  return address - address % spec::page_bytes;
}

bool is_mapped(std::uint64_t page) {
  unsigned char is_resident = 0;
  return mincore(reinterpret_cast<void*>(page), spec::page_bytes, &is_resident) == 0;
}

}  // namespace

Embedder::Embedder(FuncRef::ArrayCall* call) : kept_store_(store_options(stacks_kept_max)) {
  for (std::size_t index = 0; index < program_bounds::functions; ++index) {
    functions_.emplace_back(call, nullptr, 0, 0);
  }
}

void Embedder::begin(const Program& program, std::uint32_t hash) {
  own_store_.reset();
  store_ = &kept_store_;
  if (hash / own_store_period % own_store_period == 0) {
    store_ = &own_store_.emplace(store_options(own_stacks_kept_max));
  }
  numbers_before_ = store_->created_count();
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    functions_[index].parameter_count = program.functions[index].params;
    functions_[index].return_value_count = program.functions[index].returns;
  }
  slots_.fill({});
}

void Embedder::abandon_all(const RunView& view, NativeStacks& natives) {
  for (const StackIndex index : view.reference().live()) {
    Continuation& continuation = natives[index].continuation();
    if (continuation.state == State::fresh || continuation.state == State::suspended) {
      const auto abandoned = abandon(*store_, {&continuation, continuation.revision});
      view.same(SpecId::C7, "the store abandons a chain that waits", true, abandoned.has_value());
    }
  }
  for (const StackIndex index : view.reference().live()) {
    give_back(natives[index]);
  }
  view.same(SpecId::C7, "continuations that have a stack after the run", 0, store_->live_count());
  view.check(oracle::c7_kept(stacks_kept_max, store_->stacks().kept_count()));
}

/// The stacks of the store's pool go with it, and supplied stacks stay with the embedder.
void Embedder::end_own_store(const RunView& view, NativeStacks& natives) {
  std::vector<std::uint64_t> pages;
  for (const StackIndex index : view.reference().live()) {
    if (natives[index].leased.stack == nullptr) {
      pages.push_back(round_down_to_pages(natives[index].span.end - 1));
    }
  }
  own_store_.reset();
  for (const std::uint64_t page : pages) {
    view.same(SpecId::C7, "a page of a stack is mapped after the end of its store", false,
              is_mapped(page));
  }
  for (const StackIndex index : view.reference().live()) {
    give_back(natives[index]);
  }
}

std::expected<Stack*, StackError> Embedder::lease(const StackShape& shape) {
  auto leased = stacks_.lease(shape);
  if (!leased) {
    return std::unexpected(leased.error());
  }
  lease_ = std::move(*leased);
  return lease_.stack;
}

void Embedder::give_back_lease() {
  stacks_.give_back(take_lease());
}

void Embedder::give_back(NativeStack& ended) {
  if (ended.leased.stack != nullptr) {
    stacks_.give_back(std::exchange(ended.leased, {}));
  }
}

}  // namespace fiberproof::fuzz
