#include "core/exception_state.hpp"

#include <cxxabi.h>

#include <utility>

namespace fiberproof {

ExceptionState& thread_exception_state() {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

void release_caught_exceptions(ExceptionState& abandoned, ExceptionState& thread) {
  const ExceptionState own = std::exchange(thread, {std::exchange(abandoned, {}).caught, 0});
  while (thread.caught != nullptr) {
    abi::__cxa_end_catch();
  }
  thread = own;
}

}  // namespace fiberproof
