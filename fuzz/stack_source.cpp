#include "fuzz/stack_source.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint64_t margin_bytes = 64;
constexpr std::uint64_t slot_bytes = supplied_bytes_max + supplied_offset_max + 3 * margin_bytes;
// For `initialize` steps.
constexpr std::size_t mapped_kept_max = 16;
// To run on: enough for the deepest run. Each may come to hold some 400 KiB under
// AddressSanitizer, most of it fake frames, so this is what bounds the memory of a campaign.
constexpr std::size_t free_max = depth_max;

Span all_of(const Stack& stack) {
  return {stack.bounds().limit(), stack.bounds().top};
}

std::uint64_t pages_of(std::uint64_t bytes) {
  return (bytes + spec::page_bytes - 1) / spec::page_bytes;
}

/// Large args buffers would otherwise stay resident in every stack that ever held one.
void drop_pages_of_large_stack(const Stack& stack) {
  const StackBounds bounds = stack.bounds();
  if (bounds.usable_bytes > 32 * spec::page_bytes) {
    ::madvise(reinterpret_cast<void*>(bounds.limit()), bounds.usable_bytes - 2 * spec::page_bytes,
              MADV_DONTNEED);
  }
}

/// Makes `leased.stack` a supplied stack of this shape, which keeps the sanitizer's frames.
std::expected<void, StackError> supply_in_memory_of(LeasedStack& leased, const StackShape& shape) {
  const Span memory = all_of(*leased.memory);
  const std::uint64_t start = memory.lowest + margin_bytes + shape.offset;
  auto stack = Stack::supply({reinterpret_cast<std::byte*>(start), shape.bytes});
  if (!stack) {
    return std::unexpected(stack.error());
  }
  std::swap(stack->sanitizer().runtime_stack, leased.stack.sanitizer().runtime_stack);
  leased.stack = std::move(*stack);
  leased.watchable = {memory.lowest, (start + shape.bytes + 7) / 8 * 8 + margin_bytes};
  return {};
}

}  // namespace

StackSource::Stacks& StackSource::free_of(const LeasedStack& leased) {
  return leased.memory ? free_supplied_
                       : free_mapped_[leased.stack.bounds().usable_bytes / spec::page_bytes];
}

std::expected<std::unique_ptr<LeasedStack>, StackError> StackSource::supply(
    const StackShape& shape) {
  std::unique_ptr<LeasedStack> leased;
  if (free_supplied_.empty()) {
    auto memory = Stack::map(slot_bytes);
    if (!memory) {
      return std::unexpected(memory.error());
    }
    auto* const lowest = reinterpret_cast<std::byte*>(memory->bounds().limit());
    auto whole = Stack::supply({lowest, slot_bytes});
    leased = std::make_unique<LeasedStack>(std::move(*whole), std::move(*memory), Span{});
  } else {
    leased = std::move(free_supplied_.back());
    free_supplied_.pop_back();
    --free_count_;
  }
  if (const auto supplied = supply_in_memory_of(*leased, shape); !supplied) {
    give_back(std::move(leased));
    return std::unexpected(supplied.error());
  }
  return leased;
}

std::expected<std::unique_ptr<LeasedStack>, StackError> StackSource::lease(
    const StackShape& shape) {
  if (shape.kind == StackShape::Kind::supplied) {
    return supply(shape);
  }
  Stacks& free = free_mapped_[pages_of(shape.bytes)];
  if (!free.empty()) {
    std::unique_ptr<LeasedStack> leased = std::move(free.back());
    free.pop_back();
    --free_count_;
    return leased;
  }
  auto stack = Stack::map(shape.bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  const Span all = all_of(*stack);
  return std::make_unique<LeasedStack>(std::move(*stack), std::nullopt, all);
}

void StackSource::give_back(std::unique_ptr<LeasedStack> leased) {
  if (!leased->memory) {
    drop_pages_of_large_stack(leased->stack);
  }
  if (free_count_ == free_max) {
    drop_one();
  }
  Stacks& free = free_of(*leased);
  free.push_back(std::move(leased));
  ++free_count_;
}

/// Of the kind of which there are most.
void StackSource::drop_one() {
  Stacks* most = &free_supplied_;
  for (Stacks& free : free_mapped_) {
    most = free.size() > most->size() ? &free : most;
  }
  most->pop_back();
  --free_count_;
}

std::expected<LeasedStack*, StackError> StackSource::to_lay_out_on(const StackShape& shape) {
  if (shape.kind == StackShape::Kind::supplied) {
    if (supplied_to_lay_out_on_) {
      give_back(std::move(supplied_to_lay_out_on_));
    }
    auto stack = supply(shape);
    if (!stack) {
      return std::unexpected(stack.error());
    }
    supplied_to_lay_out_on_ = std::move(*stack);
    return supplied_to_lay_out_on_.get();
  }
  const std::uint64_t bytes = pages_of(shape.bytes) * spec::page_bytes;
  const auto match = std::ranges::find_if(mapped_to_lay_out_on_, [bytes](const auto& kept) {
    return kept->stack.bounds().usable_bytes == bytes;
  });
  if (match != mapped_to_lay_out_on_.end()) {
    return match->get();
  }
  auto stack = Stack::map(shape.bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  if (mapped_to_lay_out_on_.size() == mapped_kept_max) {
    mapped_to_lay_out_on_.clear();
  }
  const Span all = all_of(*stack);
  mapped_to_lay_out_on_.push_back(
      std::make_unique<LeasedStack>(std::move(*stack), std::nullopt, all));
  return mapped_to_lay_out_on_.back().get();
}

}  // namespace fiberproof::fuzz
