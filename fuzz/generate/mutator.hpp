// The custom mutator of libFuzzer for targets whose inputs are Programs, as texts or as
// bytes. New inputs are always bytes, which are faster to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// Changes the input in `data`, of `size` bytes with room for `size_max`, and returns its new size.
std::size_t mutate_input(std::uint8_t* data, std::size_t size, std::size_t size_max,
                         std::uint32_t seed);

/// Writes to `child` an input made of parts of both, and returns its size.
std::size_t cross_over_inputs(std::span<const std::uint8_t> first,
                              std::span<const std::uint8_t> second, std::span<std::uint8_t> child,
                              std::uint32_t seed);

/// The same for inputs of the target `ends`: what they make ends the process.
std::size_t mutate_input_of_ends(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                 std::uint32_t seed);
std::size_t cross_over_inputs_of_ends(std::span<const std::uint8_t> first,
                                      std::span<const std::uint8_t> second,
                                      std::span<std::uint8_t> child, std::uint32_t seed);

}  // namespace fiberproof::fuzz
