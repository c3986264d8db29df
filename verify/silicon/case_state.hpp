// Shared by cases of both kinds: the registers that address the stack, places in the window, and a
// state to begin with. For random_case.cpp, which makes cases of known forms, and
// encoding_case.cpp, which makes them of bytes.
#pragma once

#include "verify/silicon/random_case.hpp"

#include <cstdint>

namespace fiberproof::verify {

constexpr unsigned rcx = static_cast<unsigned>(Register::rcx);
constexpr unsigned rsp = static_cast<unsigned>(Register::rsp);
constexpr unsigned rbp = static_cast<unsigned>(Register::rbp);

/// An address in the window, 64 bytes or more from its ends: a push, a pop and a moved RSP need the
/// room.
std::uint64_t place_in_window(const Surroundings& surroundings, Random& random);

/// Sets registers, flags and memory. Returns the value that occurs more often than others.
std::uint64_t fill_randomly(RandomCase& made, Random& random);

}  // namespace fiberproof::verify
