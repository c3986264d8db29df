// Tags, handlers and a peer for the tests of `switch`.
#pragma once

#include "core/tests/checked.hpp"

#include <array>
#include <span>

namespace fiberproof {

inline const NamedTag yield("yield");
inline const NamedTag peer("peer");
inline const NamedTag other("other");

/// Suspend clauses for `yield`, and switch clauses for `peer`.
inline const std::array<const Tag*, 2> both_tags{&yield.tag, &peer.tag};
inline const Handlers both{both_tags, 1};

/// Switches nowhere: returns the handle that it is switched to with.
inline const Body returns_handle(1, 1, [](std::span<Value>) {});

}  // namespace fiberproof
