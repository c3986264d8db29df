#include "fuzz/targets/shape_notes.hpp"

#include "fuzz/reference/shapes.hpp"

#include <fmt/format.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace fiberproof::fuzz {
namespace {

const char* path = nullptr;
std::uint64_t executions = 0;
std::array<std::uint64_t, shapes> first{};  // 0 where it was not met

void write_shapes() {
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) {
    fmt::print(stderr, "fiberproof: {}: {} cannot be written\n", shapes_variable, path);
    return;
  }
  for (std::size_t shape = 0; shape < shapes; ++shape) {
    if (first[shape] != 0) {
      fmt::print(file, "{} {}\n", first[shape], shape_words[shape]);
    }
  }
  std::fclose(file);
}

}  // namespace

void start_noting_shapes() {
  path = std::getenv(shapes_variable);
  if (path != nullptr) {
    std::atexit(write_shapes);
  }
}

void note_shapes(const Program& program) {
  ++executions;
  if (path == nullptr) {
    return;
  }
  const std::bitset<shapes> met = shapes_of(program);
  for (std::size_t shape = 0; shape < shapes; ++shape) {
    if (met[shape] && first[shape] == 0) {
      first[shape] = executions;
    }
  }
}

}  // namespace fiberproof::fuzz
