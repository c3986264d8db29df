// Platform facts that the rest of core relies on, each with its reason. Nothing here has a run-time
// cost: a platform on which one of them is false does not compile.
#pragma once

#include <bit>
#include <climits>
#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__) || !defined(__linux__)
#error "fiberproof's core is written for x86-64 Linux (System V ABI)"
#endif

#if defined(__CET__) && (__CET__ & 2)
#error "shadow stacks are not supported: a switch would have to move SSP with RSP"
#endif

namespace fiberproof {

static_assert(CHAR_BIT == 8, "offsets are counted in bytes of 8 bits");
static_assert(sizeof(void*) == 8 && sizeof(std::size_t) == 8,
              "the layout stores pointers in 64-bit words (psABI 3.1.2; not the x32 ABI)");
static_assert(std::endian::native == std::endian::little,
              "the args object is {u32, u32, pointer}, read by its bytes (SDM vol. 1, 1.3.1)");
static_assert(sizeof(bool) == 1, "fiber_start returns its bool in AL alone (psABI 3.2.3)");
static_assert(alignof(std::max_align_t) <= 16,
              "16 is the alignment of every stack frame at a call (psABI 3.2.2)");

}  // namespace fiberproof
