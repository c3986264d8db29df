// The numbers of the specification (verify/SPEC.md, Layout), for everything in fuzz/. Nothing
// of core is used, on purpose: an error on either side must be visible against the other.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz::spec {

// Distances below TOS.
inline constexpr std::uint64_t saved_rip_below_top = 0x08;
inline constexpr std::uint64_t saved_rbp_below_top = 0x10;
inline constexpr std::uint64_t saved_rsp_below_top = 0x18;
inline constexpr std::uint64_t capacity_below_top = 0x20;

// Distances below TOS − s, where s is the size of the args buffer.
inline constexpr std::uint64_t buffer_below = 0x20;
inline constexpr std::uint64_t func_ref_below = 0x28;
inline constexpr std::uint64_t vmctx_below = 0x30;
inline constexpr std::uint64_t args_below = 0x38;
inline constexpr std::uint64_t return_count_below = 0x40;

inline constexpr std::uint64_t value_bytes = 16;
inline constexpr std::uint64_t headroom_bytes = 2048;  // L8
inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t guard_bytes = 16 * page_bytes;  // C8, the default
inline constexpr std::uint64_t stack_alignment = 16;

/// n, the args capacity.
constexpr std::uint32_t capacity_of(std::uint32_t params, std::uint32_t returns) {
  return params > returns ? params : returns;
}

/// s, the size of the args buffer in bytes.
constexpr std::uint64_t buffer_bytes(std::uint32_t capacity) {
  return value_bytes * capacity;
}

/// What `initialize` needs: the layout (L5) and the headroom (L8).
constexpr std::uint64_t required_bytes(std::uint32_t capacity) {
  return return_count_below + buffer_bytes(capacity) + headroom_bytes;
}

constexpr std::uint64_t first_rsp(std::uint64_t top, std::uint32_t capacity) {
  return top - return_count_below - buffer_bytes(capacity);
}

// Control effects (SPEC.md): discriminant times 2^32, plus the low word.
inline constexpr std::uint64_t return_payload = 0;
inline constexpr std::uint64_t resume_payload = 1ull << 32;
inline constexpr std::uint64_t suspend_payload = 2ull << 32;
inline constexpr std::uint64_t trap_payload = 4ull << 32;
inline constexpr std::uint32_t discriminants = 6;

}  // namespace fiberproof::fuzz::spec
