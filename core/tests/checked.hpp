// The operations as these tests call them: the invariants are checked before and after each, on
// every stack. An unexpected refusal is thrown.
//
// Also the vocabulary of the tests: numbered values, tags with their tables, and a snapshot of all
// that a refused operation must not change.
#pragma once

#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/invariants.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <exception>
#include <expected>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>

namespace fiberproof {

void PrintTo(const Value& value, std::ostream* out);

/// A value whose halves differ, also from those of other numbers.
constexpr Value number(std::uint64_t which) {
  return {which, ~which};
}

template <class... Numbers>
constexpr std::array<Value, sizeof...(Numbers)> numbers(Numbers... which) {
  return {number(static_cast<std::uint64_t>(which))...};
}

/// Whether `values` are numbers(expected...).
testing::AssertionResult are_numbers(std::span<const Value> values,
                                     std::initializer_list<std::uint64_t> expected);

/// A tag, and the handlers that have a clause for it alone.
struct NamedTag {
  explicit NamedTag(const char* name) : tag(name) {}

  const Tag tag;
  const std::array<const Tag*, 1> table{&tag};
  const Handlers suspends = Handlers::suspends(table);
  const Handlers switches = Handlers::switches(table);
};

/// Everything that an operation can change of what is live: each record's fields and the values
/// that it holds, and the store's registers. One line for each, so that two can be compared by eye.
std::string everything_in(const Store& store);

/// Why `result` was refused, which it must be.
template <class Success>
Trap trap_of(const std::expected<Success, Trap>& result) {
  return result ? throw std::logic_error("was not refused") : result.error();
}

/// Calls `operation`, which must be refused and change nothing, and returns why.
template <class Operation>
Trap refusal_of(const Store& store, Operation operation) {
  check_invariants(store);
  const std::string before = everything_in(store);
  const auto result = operation();
  EXPECT_EQ(everything_in(store), before);
  check_invariants(store);
  return trap_of(result);
}

/// The reason in `trap`, which must be this one.
template <class Reason>
const Reason& reason(const Trap& trap) {
  EXPECT_TRUE(std::holds_alternative<Reason>(trap)) << describe(trap);
  return std::get<Reason>(trap);
}

namespace checked {

Handle cont_new(Store& store, const Function& function, std::uint64_t stack_bytes = 0);
Handle cont_bind(Store& store, Handle handle, std::span<const Value> values);
void abandon(Store& store, Handle handle);

Outcome resume(Store& store, Handle handle, std::span<const Value> values = {},
               const Handlers& handlers = {});
Outcome resume_throw(Store& store, Handle handle, std::exception_ptr exception,
                     const Handlers& handlers = {});
std::span<const Value> suspend(Store& store, const Tag& tag, std::span<const Value> values = {},
                               std::span<Value> room = {});
std::span<const Value> switch_to(Store& store, Handle handle, const Tag& tag,
                                 std::span<const Value> values = {}, std::span<Value> room = {});

// The same where the test knows how the control comes back.

/// The values of a continuation that returns.
std::span<const Value> resume_to_end(Store& store, Handle handle,
                                     std::span<const Value> values = {},
                                     const Handlers& handlers = {});

/// The outcome of one that suspends itself.
Outcome resume_to_suspension(Store& store, Handle handle, const Handlers& handlers,
                             std::span<const Value> values = {});

/// The handle of a new one that has suspended itself once.
Handle suspended(Store& store, const Function& function, const Handlers& handlers,
                 std::span<const Value> values = {});

/// Why one is trapped.
Trap resume_to_trap(Store& store, Handle handle, std::span<const Value> values = {},
                    const Handlers& handlers = {});

}  // namespace checked
}  // namespace fiberproof
