#include "core/tests/checked.hpp"

#include <ostream>
#include <sstream>
#include <utility>

namespace fiberproof {
namespace {

/// Checks the invariants, and once more where the scope ends, be it by an exception.
class CheckedScope {
 public:
  explicit CheckedScope(const Store& store) : store_(store) { check_invariants(store_); }
  CheckedScope(const CheckedScope&) = delete;
  CheckedScope& operator=(const CheckedScope&) = delete;
  ~CheckedScope() { check_invariants(store_); }

 private:
  const Store& store_;
};

const char* name_of(State state) {
  switch (state) {
    case State::fresh: return "fresh";
    case State::running: return "running";
    case State::parent: return "parent";
    case State::suspended: return "suspended";
    case State::returned: return "returned";
    case State::trapped: return "trapped";
  }
  return "?";
}

void print(std::ostream& out, const Limits& limits) {
  out << " limits " << std::hex << limits.stack_limit << " " << limits.entry_frame_pointer << " "
      << limits.entry_stack_pointer << std::dec << " " << limits.trap_handler;
}

/// `shown` of the values that the buffer has room for.
void print(std::ostream& out, const char* name, const ArgsObject& buffer, std::uint32_t shown) {
  out << " " << name << " " << buffer.length << "/" << buffer.capacity << " at " << buffer.data;
  for (std::uint32_t index = 0; index < shown; ++index) {
    out << " ";
    PrintTo(buffer.data[index], &out);
  }
}

void print(std::ostream& out, const Continuation& record) {
  out << "continuation " << record.id << " at " << &record << " " << name_of(record.state)
      << " parent " << record.parent << " last ancestor " << record.last_ancestor << " revision "
      << record.revision << " stack " << record.stack;
  print(out, record.limits);
  print(out, "args", record.args, record.args.capacity);
  if (record.state == State::suspended) {
    print(out, "values", record.values, record.values.length);
  }
  if (record.trap_handler.trap) {
    out << " re-raises " << describe(*record.trap_handler.trap);
  }
  out << "\n";
}

}  // namespace

void PrintTo(const Value& value, std::ostream* out) {
  if (value == number(value.low)) {
    *out << "#" << value.low;
  } else {
    *out << "{" << std::hex << value.low << ", " << value.high << std::dec << "}";
  }
}

testing::AssertionResult are_numbers(std::span<const Value> values,
                                     std::initializer_list<std::uint64_t> expected) {
  std::ostringstream seen;
  for (const Value& value : values) {
    PrintTo(value, &(seen << " "));
  }
  bool equal = values.size() == expected.size();
  for (std::size_t index = 0; equal && index < values.size(); ++index) {
    equal = values[index] == number(expected.begin()[index]);
  }
  return (equal ? testing::AssertionSuccess() : testing::AssertionFailure())
         << "there are" << seen.str();
}

std::string everything_in(const Store& store) {
  std::ostringstream out;
  out << "active " << store.active << " entry " << store.entry << " live " << store.live_count();
  print(out, store.limits);
  out << " handed over " << store.handed_over.values.data() << " "
      << store.handed_over.values.size() << " " << store.handed_over.suspended;
  out << (store.raised != nullptr ? " raised" : "")
      << (store.trap ? " trap " + describe(*store.trap) : "") << "\n";
  for (const Entry* entry = store.entry; entry != nullptr; entry = entry->outer_of_thread()) {
    if (&entry->store() == &store) {
      out << "initial " << &entry->initial() << " " << name_of(entry->initial().state);
      print(out, entry->initial().limits);
      out << "\n";
    }
  }
  for (const Continuation& record : store.records()) {
    if (record.state < State::returned) {
      print(out, record);
    }
  }
  return out.str();
}

namespace checked {

Handle cont_new(Store& store, const Function& function, std::uint64_t stack_bytes) {
  const CheckedScope scope(store);
  return fiberproof::cont_new(store, &function, stack_bytes).value();
}

Handle cont_bind(Store& store, Handle handle, std::span<const Value> values) {
  const CheckedScope scope(store);
  return fiberproof::cont_bind(store, handle, values).value();
}

void abandon(Store& store, Handle handle) {
  const CheckedScope scope(store);
  fiberproof::abandon(store, handle).value();
}

Outcome resume(Store& store, Handle handle, std::span<const Value> values,
               const Handlers& handlers) {
  const CheckedScope scope(store);
  return fiberproof::resume(store, handle, values, handlers).value();
}

Outcome resume_throw(Store& store, Handle handle, std::exception_ptr exception,
                     const Handlers& handlers) {
  const CheckedScope scope(store);
  return fiberproof::resume_throw(store, handle, std::move(exception), handlers).value();
}

std::span<const Value> suspend(Store& store, const Tag& tag, std::span<const Value> values,
                               std::span<Value> room) {
  const CheckedScope scope(store);
  return fiberproof::suspend(store, tag, values, room).value();
}

std::span<const Value> switch_to(Store& store, Handle handle, const Tag& tag,
                                 std::span<const Value> values, std::span<Value> room) {
  const CheckedScope scope(store);
  return fiberproof::switch_to(store, handle, tag, values, room).value();
}

std::span<const Value> resume_to_end(Store& store, Handle handle, std::span<const Value> values,
                                     const Handlers& handlers) {
  const Outcome outcome = checked::resume(store, handle, values, handlers);
  EXPECT_EQ(outcome.kind, Outcome::Kind::returned);
  EXPECT_EQ(outcome.handle, Handle{});
  return outcome.values;
}

Outcome resume_to_suspension(Store& store, Handle handle, const Handlers& handlers,
                             std::span<const Value> values) {
  const Outcome outcome = checked::resume(store, handle, values, handlers);
  EXPECT_EQ(outcome.kind, Outcome::Kind::suspended);
  return outcome;
}

Handle suspended(Store& store, const Function& function, const Handlers& handlers,
                 std::span<const Value> values) {
  return resume_to_suspension(store, cont_new(store, function), handlers, values).handle;
}

Trap resume_to_trap(Store& store, Handle handle, std::span<const Value> values,
                    const Handlers& handlers) {
  const CheckedScope scope(store);
  return trap_of(fiberproof::resume(store, handle, values, handlers));
}

}  // namespace checked
}  // namespace fiberproof
