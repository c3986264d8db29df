#include "fuzz/wasm/outline.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace fiberproof::fuzz::wasm {

namespace {

/// Which trap an engine has for what the reference refuses, if it can be asked.
std::optional<End> end_of(ExpectedTrap::Kind trap) {
  switch (trap) {
    case ExpectedTrap::Kind::null_function: return End::null_function;
    case ExpectedTrap::Kind::null_handle: return End::null_handle;
    case ExpectedTrap::Kind::consumed_handle: return End::consumed_handle;
    case ExpectedTrap::Kind::unhandled_suspend:
    case ExpectedTrap::Kind::unhandled_switch: return End::unhandled_tag;
    case ExpectedTrap::Kind::stack_too_small:
    case ExpectedTrap::Kind::too_many_values:
    case ExpectedTrap::Kind::body_failed:
    case ExpectedTrap::Kind::no_stack: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view why_not(ExpectedTrap::Kind trap) {
  switch (trap) {
    case ExpectedTrap::Kind::too_many_values:
      return "too many values: the types of a module do not allow them";
    case ExpectedTrap::Kind::body_failed:
      return "after a trap: an engine ends every stack that runs";
    default: return "no stack: an engine has stacks of its own";
  }
}

/// The items of one stack, and which of their lists is being written.
struct Draft {
  struct Frame {
    std::vector<Item>* outside;  ///< the list that has the frame's item last
    bool is_try;                 ///< and nothing was caught yet
  };
  std::vector<Item>* list = nullptr;
  std::vector<Frame> frames;
  Item* waiting = nullptr;  ///< the operation that gave the control away

  void open(Item::Kind kind, std::uint32_t event) {
    list->push_back({.kind = kind, .event = event});
    frames.push_back({list, kind == Item::Kind::try_});
    list = &list->back().children;
  }
  void close() {
    list = frames.back().outside;
    frames.pop_back();
  }
  void add(Item::Kind kind, std::uint32_t event) {
    list->push_back({.kind = kind, .event = event});
    waiting = &list->back();
  }
  /// The control comes back, with an exception, to the innermost try.
  void catch_there(std::uint32_t event) {
    while (!frames.back().is_try) {
      close();
    }
    frames.back().is_try = false;
    Item& item = frames.back().outside->back();
    item.caught = event;
    list = &item.handler;
  }
};

class Outliner {
 public:
  Outliner(const Trace& trace, bool has_host, Outline& out)
      : trace_(trace), has_host_(has_host), out_(out), drafts_(trace.stacks.size()) {
    out.stacks.resize(trace.stacks.size());
    out.start.resize(trace.stacks.size(), no_event);
    for (StackIndex stack = 1; stack < trace.stacks.size(); ++stack) {
      drafts_[stack].list = &out.stacks[stack];
    }
    begin_part();
  }

  void run() {
    const auto& events = trace_.events;
    std::uint32_t last_step = 0;
    for (std::uint32_t index = 0; index < events.size(); ++index) {
      if (events[index].step != nullptr) last_step = index;
    }
    for (std::uint32_t index = 0; index < events.size(); ++index) {
      const Event& event = events[index];
      const bool goes_on =
          event.is_taken() ? take(event, index) : refuse(event, index, index == last_step);
      if (!goes_on) return;
    }
  }

 private:
  void begin_part() {
    out_.parts.emplace_back();
    drafts_[0].list = &out_.parts.back().items;
    drafts_[0].frames.clear();
    drafts_[0].waiting = nullptr;
  }

  void leave_out(std::string_view words) {
    if (std::find(out_.left_out.begin(), out_.left_out.end(), words) == out_.left_out.end()) {
      out_.left_out.emplace_back(words);
    }
  }

  /// The part ends in `end`. True if the run goes on in the next.
  bool end_part(End end, bool goes_on) {
    out_.parts.back().end = end;
    if (goes_on) begin_part();
    return goes_on;
  }

  bool is_on_bare_initial(StackIndex stack) const {
    return stack == 0 && drafts_[0].frames.empty();
  }

  bool refuse(const Event& event, std::uint32_t index, bool is_last) {
    std::optional<End> end = end_of(event.trap);
    if (!end) {
      leave_out(why_not(event.trap));
      return true;
    }
    if (event.is(Step::Kind::drop)) {
      leave_out("drop of a handle that is gone: an engine has no such instruction");
      return true;
    }
    if (*end == End::consumed_handle && dropped_[event.step->handle]) end = End::null_handle;
    const bool is_bare = is_on_bare_initial(event.on);
    const bool leaves_entry = *end == End::unhandled_tag && !has_host_ && event.is_in_entry;
    if ((!is_bare && !is_last) || leaves_entry) {
      leave_out("refused, and the run goes on: an engine ends every stack that runs");
      return true;
    }
    drafts_[event.on].add(Item::Kind::fails, index);
    return end_part(*end, is_bare && !is_last);
  }

  bool take(const Event& event, std::uint32_t index) {
    Draft& draft = drafts_[event.on];
    const Step::Kind kind = event.step != nullptr ? event.step->kind : Step::Kind::return_;
    switch (kind) {
      case Step::Kind::call: draft.open(Item::Kind::call, index); return true;
      case Step::Kind::try_: draft.open(Item::Kind::try_, index); return true;
      case Step::Kind::back: draft.close(); return true;
      case Step::Kind::enter:
        draft.add(Item::Kind::entry, index);
        out_.start[event.next] = index;
        out_.entries.push_back(event.next);
        return true;
      case Step::Kind::walk:
      case Step::Kind::walk_suspended:
      case Step::Kind::walk_broken:
      case Step::Kind::walk_suspended_broken:
        leave_out("walk: an engine walks its stacks itself");
        return true;
      case Step::Kind::overrun:
      case Step::Kind::resume_again:
      case Step::Kind::trespass: leave_out("misuse: no module can say it"); return true;
      case Step::Kind::initialize:
      case Step::Kind::start:
      case Step::Kind::yield:
      case Step::Kind::yield_apart: return true;  // They are beside the store, in no trace.
      case Step::Kind::overflow:
        draft.add(Item::Kind::fails, index);
        return end_part(End::stack_overflow, false);
      case Step::Kind::trap: {
        const bool goes_on = is_on_bare_initial(event.next);
        draft.add(Item::Kind::fails, index);
        if (!goes_on) leave_out(why_not(ExpectedTrap::Kind::body_failed));
        return end_part(End::unreachable, goes_on);
      }
      case Step::Kind::return_:
      case Step::Kind::leave:
        if (trace_.stacks[event.on].is_initial) return true;  // An entry closes.
        while (!draft.frames.empty()) {
          draft.close();
        }
        break;
      case Step::Kind::drop: dropped_[event.step->handle] = true; break;
      case Step::Kind::repeat: return true;  // It only decides which step is next.
      case Step::Kind::new_:
      case Step::Kind::bind:
      case Step::Kind::resume:
      case Step::Kind::throw_into:
      case Step::Kind::suspend:
      case Step::Kind::switch_:
      case Step::Kind::throw_:
      case Step::Kind::rethrow:
      case Step::Kind::collect: break;
      case Step::Kind::move: leave_out("move: a module has one thread"); return true;
      case Step::Kind::cleanup:
      case Step::Kind::enter_other: return true;  // In no trace.
    }
    draft.add(Item::Kind::operation, index);
    return arrive(event, index);
  }

  bool arrive(const Event& event, std::uint32_t index) {
    if (event.made.stack != no_stack) dropped_[event.to] = false;
    Draft& next = drafts_[event.next];
    if (event.arrival == Arrival::Kind::caught) {
      if (!event.is_caught_by_frame) return end_part(End::uncaught_exception, true);
      next.catch_there(index);
      next.waiting = nullptr;
      return true;
    }
    if (event.next == event.on) return true;
    if (event.arrival == Arrival::Kind::started) {
      out_.start[event.next] = index;
    } else if (next.waiting != nullptr) {
      next.waiting->arrival = index;
    }
    return true;
  }

  const Trace& trace_;
  bool has_host_;
  Outline& out_;
  std::vector<Draft> drafts_;
  std::array<bool, program_bounds::handles> dropped_{};
};

}  // namespace

Outline outline(const Trace& trace, bool has_host) {
  Outline out;
  Outliner(trace, has_host, out).run();
  return out;
}

}  // namespace fiberproof::fuzz::wasm
