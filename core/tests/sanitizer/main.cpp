#include "core/tests/sanitizer/self_test.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fiberproof::self_test {

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "sanitizer_self_test expected %s\n", what);
    std::_Exit(1);
  }
}

std::uint64_t opaque(std::uint64_t value) {
  asm("" : "+r"(value));
  return value;
}

}  // namespace fiberproof::self_test

int main(int argument_count, char** arguments) {
  using namespace fiberproof::self_test;
  const char* const wanted = argument_count == 2 ? arguments[1] : "";
  bool planted = false;
  for (const auto& modes : {valid_modes(), valid_threads(), measured_modes(), leak_modes(),
                            planted_memory_errors(), planted_layout_errors(),
                            planted_uninitialised_uses(), planted_overflows(), planted_races()}) {
    planted = planted || modes.data() == planted_memory_errors().data();
    for (const Mode& mode : modes) {
      if (std::strcmp(mode.name, wanted) != 0) continue;
      mode.run();
      if (planted) {
        std::fprintf(stderr, "sanitizer_self_test %s was not reported\n", wanted);
      }
      return planted ? 3 : 0;
    }
  }
  std::fprintf(stderr, "sanitizer_self_test: no mode \"%s\"\n", wanted);
  return 2;
}
