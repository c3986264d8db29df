// The invariants of a store between any two steps (SPEC.md, C1 to C5 and C7), checked over all of
// its records, chains and entries. Written from the specification, not from the operations.
//
// For tests and fuzzers, which call it after each step, on any stack. It takes time in proportion
// to the records that the store ever made, and less than a page of the stack (without sanitizers).
#pragma once

#include "core/store.hpp"

namespace fiberproof {

/// Traps with the rule's id if `store` violates one. Call it outside of any operation, from the
/// embedder or from a body, on the thread that has entered the store, if any.
void check_invariants(const Store& store);

}  // namespace fiberproof
