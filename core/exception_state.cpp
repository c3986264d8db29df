#include "core/exception_state.hpp"

#include <cxxabi.h>

#include <utility>

namespace fiberproof {
namespace {

// Part of the ABI, but <cxxabi.h> of libc++ does not declare it.
extern "C" ExceptionState* exception_globals() noexcept asm("__cxa_get_globals");

}  // namespace

ExceptionState& thread_exception_state() {
  return *exception_globals();
}

void release_caught_exceptions(ExceptionState& abandoned, ExceptionState& thread) {
  const ExceptionState own = std::exchange(thread, {std::exchange(abandoned, {}).caught, 0});
  while (thread.caught != nullptr) {
    abi::__cxa_end_catch();
  }
  thread = own;
}

}  // namespace fiberproof
