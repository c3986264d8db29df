// The mutator and the crossover of the targets whose inputs are Programs, as libFuzzer looks
// for them.
#include "fuzz/generate/mutator.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned int seed) {
  return fiberproof::fuzz::mutate_input(data, size, size_max, seed);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* child,
                                                 std::size_t size_max, unsigned int seed) {
  return fiberproof::fuzz::cross_over_inputs({first, first_size}, {second, second_size},
                                             {child, size_max}, seed);
}
