#include "fuzz/run/thread_modes.hpp"

#include "fuzz/oracle/stack_memory.hpp"

namespace fiberproof::fuzz {

void ThreadModes::begin(bool are_varied) {
  are_varied_ = are_varied;
  renew();
}

void ThreadModes::end() {
  if (are_varied_) {
    reset_floating_point_modes();
  }
}

void ThreadModes::choose(std::uint32_t serial) {
  if (are_varied_) {
    set_floating_point_modes(serial);
    renew();
  }
}

void ThreadModes::renew() {
  expected_ = floating_point_modes();
}

Verdict ThreadModes::judge() const {
  return oracle::s4_modes({expected_, false}, {floating_point_modes(), direction_flag()});
}

}  // namespace fiberproof::fuzz
