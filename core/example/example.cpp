// core as a library: a generator, and tasks that take turns through switch_to.
#include "core/body.hpp"
#include "core/continuation.hpp"

#include <deque>
#include <iostream>

using namespace fiberproof;

const Tag yield("yield"), turn("turn");
const Tag* const yields[] = {&yield};
const Tag* const turns[] = {&turn};

std::deque<Handle> ready;  // tasks that wait for their turn

void enqueue(Handle task) {
  if (task.record != nullptr) ready.push_back(task);
}

Handle dequeue() {
  const Handle task = ready.front();
  ready.pop_front();
  return task;
}

// A task switches to the next one itself. That one receives its handle, and enqueues it.
auto rounds(Store& store, char name) {
  return Body(1, 0, [&store, name](std::span<Value> values) {
    enqueue(to_handle(values[0]));
    for (char round = '1'; round <= '3' && !ready.empty(); ++round) {
      std::cout << name << round << ' ';
      Value room;
      enqueue(to_handle(switch_to(store, dequeue(), turn, {}, {&room, 1}).value()[0]));
    }
  });
}

int main() {
  Store store;
  const Entry entry(store);  // all chains of continuations end in this function

  // Each suspension of the generator passes one value to the loop below.
  const Body squares(0, 0, [&store](std::span<Value>) {
    for (std::uint64_t root = 1; root <= 4; ++root) {
      const Value square{root * root, 0};
      suspend(store, yield, {&square, 1}).value();
    }
  });
  Handle generator = cont_new(store, &squares).value();
  for (;;) {
    const Outcome next = resume(store, generator, {}, Handlers::suspends(yields)).value();
    if (next.kind == Outcome::Kind::returned) break;
    std::cout << next.values[0].low << ' ';
    generator = next.handle;
  }

  const auto a = rounds(store, 'a'), b = rounds(store, 'b'), c = rounds(store, 'c');
  for (const Function* const task : {&a, &b, &c}) enqueue(cont_new(store, task).value());
  const Value nobody = to_value({});
  while (!ready.empty()) {
    resume(store, dequeue(), {&nobody, 1}, Handlers::switches(turns)).value();
  }
  std::cout << '\n';
}
