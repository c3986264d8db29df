// A fuzz target whose inputs overrun the stack of a nested continuation. It finds nothing: it tests
// how libFuzzer handles the overrun.
#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/stack_overflow.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace fiberproof {
namespace {

[[gnu::noinline]] void recurse(std::size_t calls) {
  if (calls > 0) recurse(calls - 1);
  asm volatile("");  // a frame for each call
}

void recurse_in_continuations(Store& store, std::size_t depth, std::size_t calls) {
  if (depth == 0) {
    recurse(calls);
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { recurse_in_continuations(store, depth - 1, calls); });
  if (!resume(store, *cont_new(store, &body, 16 * 1024))) std::abort();
}

}  // namespace
}  // namespace fiberproof

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Not earlier: by now libFuzzer has its own handler, which gets what this one has reported.
  static const bool reporting = fiberproof::report_stack_overflows().has_value();
  if (!reporting) std::abort();

  const bool overruns = size > 0 && data[0] == '!';
  fiberproof::Store store;
  const fiberproof::Entry entry(store);
  fiberproof::recurse_in_continuations(store, 3, overruns ? std::size_t{1} << 40 : 3);
  return 0;
}
