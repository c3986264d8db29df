// Uses core as an installed library: one continuation that suspends once.
#include "core/body.hpp"
#include "core/continuation.hpp"

#include <cstdint>

using namespace fiberproof;

int main() {
  const Tag yield("yield");
  const Tag* const yields[] = {&yield};
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [&](std::span<Value>) {
    const Value seven{7, 0};
    suspend(store, yield, {&seven, 1}).value();
  });
  const Handle handle = cont_new(store, &body).value();
  const Outcome outcome = resume(store, handle, {}, Handlers::suspends(yields)).value();
  return outcome.kind == Outcome::Kind::suspended && outcome.values[0].low == 7 ? 0 : 1;
}
