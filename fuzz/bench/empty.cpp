// An empty target in a program of its own: what the engine costs without the counters of the fuzz
// library, which it looks through after every execution.
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* /*data*/, std::size_t /*size*/) {
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* /*data*/, std::size_t size,
                                               std::size_t /*size_max*/, unsigned int /*seed*/) {
  return size == 0 ? 1 : size;
}
