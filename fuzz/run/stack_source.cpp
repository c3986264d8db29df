#include "fuzz/run/stack_source.hpp"

#include "fuzz/program/program.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint64_t margin_bytes = 64;
constexpr std::uint64_t slot_bytes =
    program_bounds::supplied_bytes + supplied_offset_max + 3 * margin_bytes;
// For `initialize` steps.
constexpr std::size_t mapped_kept_max = 16;
// Below TOS. More of it costs time: 4 KiB some ten percent of all.
constexpr std::uint64_t scrubbed_bytes = 1024;

Span all_of(const Stack& stack) {
  return {stack.bounds().limit(), stack.bounds().top};
}

std::uint64_t round_up_to_spec_pages(std::uint64_t bytes) {
  return (bytes + spec::page_bytes - 1) / spec::page_bytes * spec::page_bytes;
}

std::expected<std::unique_ptr<SuppliedStack>, StackError> map_memory() {
  auto memory = PlainMemory::map(slot_bytes);
  if (!memory) {
    return std::unexpected(memory.error());
  }
  return std::make_unique<SuppliedStack>(std::move(*memory), std::nullopt);
}

}  // namespace

std::expected<PlainMemory, StackError> PlainMemory::map(std::uint64_t bytes) {
  bytes = round_up_to_spec_pages(bytes);
  const std::uint64_t all = bytes + spec::guard_bytes;
  void* const mapping = ::mmap(nullptr, all, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED || ::mprotect(mapping, spec::guard_bytes, PROT_NONE) != 0) {
    return std::unexpected(StackError{StackError::Reason::not_mapped, bytes, errno});
  }
  return PlainMemory(reinterpret_cast<std::uint64_t>(mapping) + spec::guard_bytes, bytes);
}

PlainMemory::PlainMemory(PlainMemory&& other) noexcept
    : lowest_(other.lowest_), bytes_(std::exchange(other.bytes_, 0)) {}

PlainMemory::~PlainMemory() {
  if (bytes_ != 0) {
    ::munmap(reinterpret_cast<void*>(lowest_ - spec::guard_bytes), bytes_ + spec::guard_bytes);
  }
}

Span StackSource::scrubbed(const Stack& stack) {
  const StackBounds bounds = stack.bounds();
  const std::uint64_t lowest_word = (bounds.limit() + 7) & ~std::uint64_t{7};
  return {std::max(lowest_word, bounds.top - scrubbed_bytes), bounds.top};
}

StackSource::StackSource() : pool_({.staggered = true, .kept_max = kept_max}) {}

std::expected<LeasedStack, StackError> StackSource::supply(const StackShape& shape) {
  if (free_supplied_.empty()) {
    auto mapped = map_memory();
    if (!mapped) {
      return std::unexpected(mapped.error());
    }
    free_supplied_.push_back(std::move(*mapped));
  }
  SuppliedStack& supplied = *free_supplied_.back();
  const Span memory = supplied.memory.span();
  const std::uint64_t start = memory.lowest + margin_bytes + shape.offset;
  auto stack = Stack::supply({reinterpret_cast<std::byte*>(start), shape.bytes});
  if (!stack) {
    return std::unexpected(stack.error());
  }
  if (supplied.stack) {
    std::swap(stack->sanitizer().runtime_stack, supplied.stack->sanitizer().runtime_stack);
  }
  supplied.stack.emplace(std::move(*stack));
  LeasedStack leased{&*supplied.stack,
                     std::move(free_supplied_.back()),
                     {memory.lowest, (start + shape.bytes + 7) / 8 * 8 + margin_bytes}};
  free_supplied_.pop_back();
  return leased;
}

std::expected<LeasedStack, StackError> StackSource::acquire(const StackShape& shape) {
  const auto stack = pool_.acquire(shape.bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  return LeasedStack{*stack, nullptr, all_of(**stack)};
}

std::expected<LeasedStack, StackError> StackSource::lease(const StackShape& shape) {
  auto leased = shape.kind == StackShape::Kind::supplied ? supply(shape) : acquire(shape);
  if (leased) {
    fill_with_pattern(scrubbed(*leased->stack));
  }
  return leased;
}

void StackSource::give_back(LeasedStack leased) {
  if (!leased.supplied) {
    pool_.release(*leased.stack);
  } else if (free_supplied_.size() < kept_max) {
    free_supplied_.push_back(std::move(leased.supplied));
  }
}

std::expected<const LeasedStack*, StackError> StackSource::to_lay_out_on(const StackShape& shape) {
  if (to_lay_out_on_.supplied) {
    give_back(std::move(to_lay_out_on_));
  }
  if (shape.kind == StackShape::Kind::supplied) {
    auto supplied = supply(shape);
    if (!supplied) {
      return std::unexpected(supplied.error());
    }
    to_lay_out_on_ = std::move(*supplied);
  } else {
    const auto stack = mapped_to_lay_out_on(round_up_to_spec_pages(shape.bytes));
    if (!stack) {
      return std::unexpected(stack.error());
    }
    to_lay_out_on_ = {*stack, nullptr, all_of(**stack)};
  }
  return &to_lay_out_on_;
}

std::expected<Stack*, StackError> StackSource::mapped_to_lay_out_on(std::uint64_t bytes) {
  const auto match = std::ranges::find_if(mapped_to_lay_out_on_, [bytes](const auto& kept) {
    return kept->bounds().usable_bytes == bytes;
  });
  if (match != mapped_to_lay_out_on_.end()) {
    return match->get();
  }
  auto stack = Stack::map(bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  if (mapped_to_lay_out_on_.size() == mapped_kept_max) {
    mapped_to_lay_out_on_.clear();
  }
  mapped_to_lay_out_on_.push_back(std::make_unique<Stack>(std::move(*stack)));
  return mapped_to_lay_out_on_.back().get();
}

void cannot_map(std::uint64_t bytes) {
  fmt::print(stderr, "fiberproof: the system cannot map a stack of {} bytes\n", bytes);
  std::exit(2);
}

}  // namespace fiberproof::fuzz
