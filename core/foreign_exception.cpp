#include "core/foreign_exception.hpp"

#include "core/exception_state.hpp"
#include "core/signal_safe_text.hpp"

#include <cstdlib>
#include <utility>

namespace fiberproof {

void take_foreign_exception(Store& store) {
#ifndef __GLIBCXX__
  refuse(static_cast<const Continuation*>(store.active)->id,
         "an exception of another language cannot leave it when built with this C++ library");
#endif
  store.foreign = std::exchange(*store.exceptions, {});
}

void raise_foreign_exception(Store& store) {
  struct GiveBack {
    ExceptionState& thread;
    ExceptionState own;
    ~GiveBack() { thread = own; }  // The first thing that the unwinding does.
  };
  ExceptionState& thread = *store.exceptions;
  const GiveBack give_back{thread, std::exchange(thread, std::exchange(store.foreign, {}))};
  throw;
}

void refuse(std::uint64_t continuation, const char* what) {
  SignalSafeText text;
  text << "fiberproof: F3: continuation ";
  text.decimal(continuation) << ": " << what << "\n";
  text.write_to_standard_error();
  std::abort();
}

}  // namespace fiberproof
