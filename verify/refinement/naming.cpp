#include "verify/refinement/naming.hpp"

#include <algorithm>

namespace fiberproof::verify::refinement {

void Naming::begin() {
  records_.fill({});
  continuations_ = 0;
  stacks_.clear();
  by_index_.clear();
  thread_limit_.reset();
}

std::uint64_t Naming::record_of(fuzz::StackIndex index) const {
  return index < by_index_.size() ? by_index_[index] : 0;
}

void Naming::set_record_of(fuzz::StackIndex index, std::uint64_t name) {
  if (index >= by_index_.size()) by_index_.resize(index + 1, 0);
  by_index_[index] = name;
}

std::uint64_t Naming::record_at(std::uint64_t address) const {
  if (address == 0) return 0;
  for (std::uint64_t name = 1; name < scratch_record; ++name) {
    if (records_[name].address == address) return name;
  }
  return address;
}

std::uint64_t Naming::name_continuation(const fuzz::LoggedRecord& made) {
  std::uint64_t name = record_at(made.address);
  if (name == made.address || name <= entries) {
    if (continuations_ == continuations) return 0;
    name = entries + ++continuations_;
    records_[name].first_revision = made.revision;
  }
  NamedRecord& known = records_[name];
  known.address = made.address;
  known.trap_handler = made.trap_handler;
  known.has_run = false;
  return name;
}

std::uint64_t Naming::stack_of(const fuzz::LoggedRecord& record) const {
  const auto found = std::ranges::find_if(stacks_, [&](const NamedStack& stack) {
    return stack.limit == record.stack_limit && stack.usable_bytes == record.usable_bytes;
  });
  return found == stacks_.end() ? 0 : static_cast<std::uint64_t>(found - stacks_.begin()) + 1;
}

std::uint64_t Naming::name_stack(const fuzz::LoggedRecord& made) {
  if (const std::uint64_t known = stack_of(made); known != 0) return known;
  if (stacks_.size() == named_stacks) return 0;
  stacks_.push_back({made.stack_limit, made.usable_bytes});
  return stacks_.size();
}

void Naming::learn(const fuzz::LoggedTransition& seen, std::uint64_t active) {
  for (const fuzz::LoggedRecord& each : seen.records) {
    const std::uint64_t name = record_of(each.index);
    if (!each.initial || name == 0 || name > entries || records_[name].address != 0) continue;
    records_[name].address = each.address;
    records_[name].trap_handler = each.trap_handler;
  }
  NamedRecord& running = records_[active];
  if (running.has_run) return;
  running.has_run = true;
  running.frame_pointer = seen.store->limits[1];
  running.stack_pointer = seen.store->limits[2];
  if (active == 1) thread_limit_ = seen.store->limits[0];
}

std::uint64_t Naming::limit_name(std::uint64_t expected, std::uint64_t word) const {
  // An entry of a body may be logged before the thread's own stack is known.
  if (expected == thread_limit) return !thread_limit_ || word == *thread_limit_ ? expected : word;
  const std::uint64_t stack = expected / lowest_of(1);
  const bool is_known = stack > 0 && stack <= stacks_.size();
  return is_known && word == stacks_[stack - 1].limit ? expected : word;
}

std::uint64_t Naming::frame_name(std::uint64_t expected, std::uint64_t word) const {
  const std::uint64_t record = expected / 0x10000;
  const bool is_it = record < records_.size() && records_[record].frame_pointer == word;
  return expected != 0 && is_it ? expected : word;
}

std::uint64_t Naming::stack_pointer_name(std::uint64_t expected, std::uint64_t word) const {
  const std::uint64_t record = expected / 0x10000;
  const bool is_it = record < records_.size() && records_[record].stack_pointer == word;
  return expected != 0 && is_it ? expected : word;
}

std::uint64_t Naming::trap_handler_name(std::uint64_t expected, std::uint64_t word) const {
  const bool is_it = expected < records_.size() && records_[expected].trap_handler == word;
  return is_it ? expected : word;
}

}  // namespace fiberproof::verify::refinement
