// The C++ runtime keeps the exceptions that are being handled per thread. A stack that is left in a
// catch block must keep its own (Itanium C++ ABI, Exception Handling, 2.2.2: __cxa_eh_globals).
#pragma once

namespace fiberproof {

/// The runtime's __cxa_eh_globals, which the ABI lays out.
struct ExceptionState {
  void* caught = nullptr;     ///< stack of exceptions whose handlers have not ended
  unsigned int uncaught = 0;  ///< thrown and not yet caught

  bool is_empty() const { return caught == nullptr && uncaught == 0; }
};

/// The state of the calling thread.
ExceptionState& thread_exception_state();

/// Ends the handlers of a stack that was abandoned inside them, which releases their exceptions.
/// `thread` is the state of the calling thread, which stays as it was.
void release_caught_exceptions(ExceptionState& abandoned, ExceptionState& thread);

}  // namespace fiberproof
