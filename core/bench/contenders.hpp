// The contenders, each in a file of its own: adds its benchmarks to the rows that it can run.
#pragma once

namespace fiberproof::bench {

// Limits and controls, which switch no stack.
void add_indirect_jumps();
void add_calls();
void add_mapping();

// This project, without and with its API.
void add_stack_switch();
void add_continuation();

// Peers.
void add_saved_register_switch();
void add_fcontext();
void add_boost_fiber();
void add_ucontext();
void add_coroutine();

}  // namespace fiberproof::bench
