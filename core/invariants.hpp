// What holds of a store between any two steps (SPEC.md, C1 to C5 and C7), checked over all of its
// records, chains and entries, in the words of the specification and not of the operations.
//
// For tests and fuzzers, which call it after each step, on whichever stack that is: it takes time
// in proportion to the records that the store ever made, and (without sanitizers) less than a page
// of the stack.
#pragma once

#include "core/store.hpp"

namespace fiberproof {

/// Traps with the rule's id where `store` is not as the specification says. To be called outside of
/// any operation, by the embedder or by a body, on the thread that has entered the store, if any.
void check_invariants(const Store& store);

}  // namespace fiberproof
