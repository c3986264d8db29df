// The program that gdb runs: `unwind_subject <depth> <trap|v44>` nests that many continuations,
// prints one line for each stack ("stack <limit> <top>", hexadecimal, outermost first), and reaches
// `innermost_body_reached` inside the last one.
#include "core/tests/unwind/nest.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" [[gnu::noinline]] void innermost_body_reached() {
  asm volatile("");  // keeps the calls
}

int main(int argument_count, char** arguments) {
  using namespace fiberproof;
  if (argument_count != 3) return EXIT_FAILURE;
  const std::size_t depth = std::strtoul(arguments[1], nullptr, 10);
  const bool is_v44 = std::string_view(arguments[2]) == "v44";
  unwind::Nest nest(depth, is_v44 ? Trampoline::v44 : Trampoline::trap, [](unwind::Nest&) {
    innermost_body_reached();
    return true;
  });
  for (const StackBounds bounds : nest.bounds()) {
    std::printf("stack %lx %lx\n", bounds.limit(), bounds.top);
  }
  std::fflush(stdout);
  return nest.run() ? EXIT_SUCCESS : EXIT_FAILURE;
}
