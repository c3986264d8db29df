#include "fuzz/run/embedder.hpp"

#include "core/continuation.hpp"
#include "fuzz/oracle/oracle_pool.hpp"
#include "fuzz/oracle/stack_memory.hpp"
#include "fuzz/run/guard_probe.hpp"
#include "fuzz/run/trap_words.hpp"
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

/// A sanitizer's runtime may map memory where a stack was, and the heap, too. They leave no guard
/// pages right below its lowest page.
bool is_mapped_as_stack(const Span& stack) {
  const std::uint64_t guard_end = round_down_to_pages(stack.lowest);
  const std::uint64_t guard_lowest = guard_end - spec::guard_bytes;
  for (std::uint64_t page = guard_lowest; page < stack.end; page += spec::page_bytes) {
    if (!is_mapped(page)) {
      return false;
    }
  }
  return is_readable(stack.end - 1) && !first_readable_page(guard_lowest, guard_end).has_value();
}

}  // namespace

Embedder::Embedder(const Reference& reference, FuncRef::ArrayCall* call)
    : reference_(reference),
      kept_stores_{Store(store_options(stacks_kept_max)), Store(store_options(stacks_kept_max))} {
  for (std::size_t index = 0; index < program_bounds::functions; ++index) {
    functions_.emplace_back(call, nullptr, 0, 0);
  }
}

void Embedder::begin(const Program& program, std::uint32_t hash) {
  const bool has_own = hash / own_store_period % own_store_period == 0 || program.numbers != 0 ||
                       program.revisions != 0;
  for (std::size_t number = 0; number < stores; ++number) {
    own_stores_[number].reset();
    stores_[number] = has_own ? &own_stores_[number].emplace(store_options(own_stacks_kept_max))
                              : &kept_stores_[number];
    if (program.numbers != 0) {
      stores_[number]->count_on_from(program.numbers);
    }
    numbers_before_[number] = stores_[number]->created_count();
  }
  for (std::size_t index = 0; index < program.functions.size(); ++index) {
    functions_[index].parameter_count = program.functions[index].params;
    functions_[index].return_value_count = program.functions[index].returns;
  }
  slots_.fill({});
}

void Embedder::abandon_all(const RunView& view, NativeStacks& natives) {
  abandon_those_of(0, view, natives);
  if (reference_.live_count(1) != 0) {
    const Entry entry(*stores_[1]);
    abandon_those_of(1, view, natives);
  }
  for (const StackIndex index : reference_.live()) {
    give_back(natives[index]);
  }
}

void Embedder::abandon_those_of(std::uint8_t store, const RunView& view, NativeStacks& natives) {
  for (const StackIndex index : reference_.live()) {
    Continuation& continuation = natives[index].continuation();
    const bool waits = continuation.state == State::fresh || continuation.state == State::suspended;
    if (waits && reference_.stack(index).store == store) {
      const auto abandoned = abandon(*stores_[store], {&continuation, continuation.revision});
      view.same(SpecId::C7, "the store abandons a chain that waits", true, abandoned.has_value());
    }
  }
  view.same(SpecId::C7, "continuations that have a stack after the run", 0,
            stores_[store]->live_count());
  view.check(oracle::c7_kept(stacks_kept_max, stores_[store]->stacks().kept_count()));
}

/// The stacks of a store's pool go with it, and supplied stacks stay with the embedder.
void Embedder::end_own_stores(const RunView& view, NativeStacks& natives) {
  std::vector<Span> stacks;
  for (const StackIndex index : view.reference().live()) {
    if (natives[index].leased.stack == nullptr) {
      stacks.push_back(natives[index].span);
    }
  }
  for (std::optional<Store>& store : own_stores_) {
    store.reset();
  }
  for (const Span& stack : stacks) {
    view.same(SpecId::C7, "a stack is mapped after the end of its store", false,
              is_mapped_as_stack(stack));
  }
  for (const StackIndex index : view.reference().live()) {
    give_back(natives[index]);
  }
}

void Embedder::forget_rooms() {
  rooms_.clear();
  tables_.clear();
}

std::span<Value> Embedder::room_for(std::size_t values) {
  std::vector<Value>& made = rooms_.emplace_back(values);
  const auto first = reinterpret_cast<std::uint64_t>(made.data());
  fill_with_pattern({first, first + values * sizeof(Value)});
  return made;
}

std::span<const Tag* const> Embedder::long_table_of(const Step& step) {
  for (const auto& [of, table] : tables_) {
    if (of == &step) {
      return table;
    }
  }
  std::vector<const Tag*>& made = tables_.emplace_back().second;
  tables_.back().first = &step;
  made.assign(step.before, &other_tag);
  for (const std::uint8_t tag : step.suspends) {
    made.push_back(&program_tags[tag]);
  }
  for (const std::uint8_t tag : step.switches) {
    made.push_back(&program_tags[tag]);
  }
  return made;
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
  ended.release_held_up();
  if (ended.leased.stack != nullptr) {
    stacks_.give_back(std::exchange(ended.leased, {}));
  }
}

}  // namespace fiberproof::fuzz
