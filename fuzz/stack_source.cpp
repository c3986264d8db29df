#include "fuzz/stack_source.hpp"

#include "fuzz/spec_layout.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint64_t margin_bytes = 64;
constexpr std::uint64_t slot_bytes = supplied_bytes_max + supplied_offset_max + 3 * margin_bytes;
constexpr std::size_t mapped_kept_max = 16;

Span all_of(const Stack& stack) { return {stack.bounds().limit(), stack.bounds().top}; }

std::uint64_t whole_pages(std::uint64_t bytes) {
  return (bytes + spec::page_bytes - 1) / spec::page_bytes * spec::page_bytes;
}

/// Large args buffers would otherwise stay resident in every stack that ever held one.
void drop_pages_of_large_stack(const Stack& stack) {
  const StackBounds bounds = stack.bounds();
  if (bounds.usable_bytes > 32 * spec::page_bytes) {
    ::madvise(reinterpret_cast<void*>(bounds.limit()), bounds.usable_bytes - 2 * spec::page_bytes,
              MADV_DONTNEED);
  }
}

/// The sanitizer's frames for a stack outlive the Stack object, which is made anew for each shape.
void move_sanitizer_state([[maybe_unused]] SanitizerStack& to,
                          [[maybe_unused]] const SanitizerStack& from) {
#ifdef FIBERPROOF_ASAN
  to.fake_stack = from.fake_stack;
#endif
}

}  // namespace

StackPool& StackSource::pool_of(std::uint64_t usable_bytes) {
  const auto match = std::ranges::find_if(
      pools_, [usable_bytes](const auto& pool) { return pool.first == usable_bytes; });
  if (match != pools_.end()) {
    return match->second;
  }
  return pools_.emplace_back(usable_bytes, StackPool{}).second;
}

std::expected<LeasedStack, StackError> StackSource::supply(const StackShape& shape) {
  std::unique_ptr<SuppliedSlot> slot;
  if (free_slots_.empty()) {
    auto memory = Stack::map(slot_bytes);
    if (!memory) {
      return std::unexpected(memory.error());
    }
    slot = std::make_unique<SuppliedSlot>(std::move(*memory), SanitizerStack{});
  } else {
    slot = std::move(free_slots_.back());
    free_slots_.pop_back();
  }
  const Span memory = all_of(slot->memory);
  const std::uint64_t start = memory.lowest + margin_bytes + shape.offset;
  auto stack = Stack::supply({reinterpret_cast<std::byte*>(start), shape.bytes});
  if (!stack) {
    free_slots_.push_back(std::move(slot));
    return std::unexpected(stack.error());
  }
  move_sanitizer_state(stack->sanitizer(), slot->sanitizer);
  const std::uint64_t end = (start + shape.bytes + 7) / 8 * 8 + margin_bytes;
  return LeasedStack{std::move(*stack), {memory.lowest, end}, std::move(slot)};
}

std::expected<LeasedStack, StackError> StackSource::lease(const StackShape& shape) {
  if (shape.kind == StackShape::Kind::supplied) {
    return supply(shape);
  }
  auto stack = pool_of(whole_pages(shape.bytes)).acquire(shape.bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  const Span all = all_of(*stack);
  return LeasedStack{std::move(*stack), all, nullptr};
}

void StackSource::give_back(LeasedStack leased) {
  if (leased.slot == nullptr) {
    drop_pages_of_large_stack(leased.stack);
    StackPool& pool = pool_of(leased.stack.bounds().usable_bytes);
    pool.release(std::move(leased.stack));
    return;
  }
  leased.stack.sanitizer().recycle();
  move_sanitizer_state(leased.slot->sanitizer, leased.stack.sanitizer());
  free_slots_.push_back(std::move(leased.slot));
}

std::expected<LeasedStack*, StackError> StackSource::to_lay_out_on(const StackShape& shape) {
  if (shape.kind == StackShape::Kind::supplied) {
    if (!supplied_to_lay_out_on_.empty()) {
      free_slots_.push_back(std::move(supplied_to_lay_out_on_.back().slot));
      supplied_to_lay_out_on_.pop_back();
    }
    auto stack = supply(shape);
    if (!stack) {
      return std::unexpected(stack.error());
    }
    supplied_to_lay_out_on_.push_back(std::move(*stack));
    return &supplied_to_lay_out_on_.back();
  }
  const std::uint64_t bytes = whole_pages(shape.bytes);
  const auto match = std::ranges::find_if(mapped_to_lay_out_on_, [bytes](const LeasedStack& kept) {
    return kept.stack.bounds().usable_bytes == bytes;
  });
  if (match != mapped_to_lay_out_on_.end()) {
    return &*match;
  }
  auto stack = Stack::map(shape.bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  if (mapped_to_lay_out_on_.size() == mapped_kept_max) {
    mapped_to_lay_out_on_.clear();
  }
  const Span all = all_of(*stack);
  mapped_to_lay_out_on_.push_back({std::move(*stack), all, nullptr});
  return &mapped_to_lay_out_on_.back();
}

}  // namespace fiberproof::fuzz
