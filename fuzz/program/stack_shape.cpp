#include "fuzz/program/stack_shape.hpp"

#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {

std::uint64_t usable_bytes_of(const StackShape& shape) {
  if (shape.kind == StackShape::Kind::mapped) {
    return (shape.bytes + spec::page_bytes - 1) / spec::page_bytes * spec::page_bytes;
  }
  const std::uint64_t start = shape.offset % spec::stack_alignment;
  const std::uint64_t end = (start + shape.bytes) / spec::stack_alignment * spec::stack_alignment;
  return end < start ? 0 : end - start;
}

}  // namespace fiberproof::fuzz
