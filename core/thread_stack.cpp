#include "core/thread_stack.hpp"

#include <pthread.h>

#include <cstddef>

namespace fiberproof {

const ThreadStack& thread_stack() {
  thread_local const ThreadStack own = [] {
    ThreadStack stack{};
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
      void* lowest = nullptr;
      std::size_t bytes = 0;
      if (::pthread_attr_getstack(&attributes, &lowest, &bytes) == 0) {
        stack.lowest = reinterpret_cast<std::uint64_t>(lowest);
        stack.end = stack.lowest + bytes;
      }
      ::pthread_attr_destroy(&attributes);
    }
    return stack;
  }();
  return own;
}

}  // namespace fiberproof
