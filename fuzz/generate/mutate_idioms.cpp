#include "fuzz/generate/mutate_idioms.hpp"

#include "fuzz/generate/byte_code.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

/// Writes idioms. The running stack takes the next step: after a resume, the resumed one.
class Writer {
 public:
  Writer(const Program& program, Random& random, Idiom& idiom)
      : program_(program),
        random_(random),
        idiom_(idiom),
        first_slot_(random.below(random.one_in(4) ? program_bounds::handles : 3)),
        tag_(static_cast<std::uint8_t>(random.below(program.tags))) {}

  void handler() {
    fresh(0);
    handle(resume_fresh(0, 1));
    suspend();
    resume(1, 1);
  }

  /// The innermost handler of a tag must handle its suspension.
  void same_tag_in_nested_handlers() {
    for (std::size_t index = 0; index < 2; ++index) {
      fresh(index);
      resume_fresh(index, index).suspends.push_back(tag_);
    }
    suspend();
    if (random_.one_in(2)) {
      suspend();
    }
  }

  /// A suspend passes stacks without a handler, and the whole chain is resumed.
  void deep_forwarding() {
    nested_under_handler(1 + random_.below(4));
    suspend();
    handle(resume(0, 0));
    if (random_.one_in(2)) {
      suspend();
    }
  }

  void stale_handle() {
    fresh(0);
    handle(resume_fresh(0, 1));
    suspend();
    resume(1, 2);
    constexpr std::array consumers = {Kind::resume,     Kind::bind,    Kind::drop,
                                      Kind::throw_into, Kind::switch_, Kind::walk_suspended};
    const Kind kind = random_.one_of(consumers);
    if (kind == Kind::switch_) {
      switch_to(random_.below(2), 2);
      return;
    }
    Step& step = add(kind);
    step.handle = slot(random_.below(2));
    if (kind != Kind::drop && kind != Kind::walk_suspended) {
      step.to = slot(random_.below(3));
    }
  }

  /// A suspended chain resumes under another parent, to which it then suspends.
  void other_parent() {
    nested_under_handler(random_.below(2));
    suspend();
    fresh(1);
    resume_fresh(1, 1).suspends.push_back(any_tag());
    handle(resume(0, 0));
    suspend();
  }

  void chain_of_switches() {
    const std::size_t peers = 2 + random_.below(2);
    for (std::size_t peer = 0; peer < peers; ++peer) {
      fresh(peer);
    }
    Step& first = resume_fresh(0, 3);
    first.switches.push_back(tag_);
    first.suspends.push_back(any_tag());
    // The handle of the switching stack goes to the slot of the handle that was just consumed.
    std::size_t running = 0;
    const std::size_t switches = 2 + random_.below(6);
    for (std::size_t count = 0; count < switches; ++count) {
      const std::size_t next = (running + 1) % peers;
      switch_to(next, running);
      running = next;
    }
  }

  void abandoned_chain() {
    nested_under_handler(random_.below(4));
    suspend();
    add(Kind::drop).handle = slot(0);
    if (random_.one_in(2)) {
      handler();  // on stacks that were just freed
    }
  }

  void suspend_while_handling_an_exception() {
    fresh(0);
    handle(resume_fresh(0, 1));
    add(Kind::try_);
    if (random_.one_in(2)) {
      call();
    }
    add(Kind::throw_);
    suspend();
    if (random_.one_in(2)) {
      add(Kind::try_);
      add(Kind::throw_);
    }
    handle(resume(1, 1));
    add(random_.one_in(4) ? Kind::back : Kind::rethrow);
  }

  void entry_around_a_resume() {
    add(Kind::enter);
    handler();
    if (random_.one_in(2)) {
      add(random_.one_in(2) ? Kind::return_ : Kind::throw_);
    }
    add(Kind::leave);
  }

  void exception_into_a_chain() {
    nested_under_handler(random_.below(3));
    suspend();
    Step& step = add(Kind::throw_into);
    step.handle = slot(0);
    step.to = slot(1);
    step.suspends.push_back(tag_);
  }

  /// An exception waits for a destructor, which takes steps on either side of a switch.
  void suspend_in_a_destructor() {
    const bool is_outside = random_.one_in(3);
    if (is_outside) {
      add(Kind::try_);
      add(Kind::cleanup);
    }
    fresh(0);
    handle(resume_fresh(0, 1));
    if (random_.one_in(2)) {
      add(Kind::try_);
    }
    if (!is_outside || random_.one_in(2)) {
      add(Kind::cleanup);
    }
    add(Kind::throw_);
    constexpr std::array inside = {Kind::suspend, Kind::suspend, Kind::try_, Kind::enter};
    const Kind kind = random_.one_of(inside);
    if (kind == Kind::suspend) {
      suspend();
      if (random_.one_in(2)) {
        add(Kind::drop).handle = slot(1);
        return;
      }
      handle(resume(1, 1));
    } else if (kind == Kind::try_) {
      add(Kind::try_);
      add(Kind::throw_);
      suspend();
      handle(resume(1, 1));
    } else {
      handler();
    }
    add(Kind::back);
    add(Kind::back);
  }

  /// A chain is dropped, mostly with what it handles, while an exception waits for who drops it.
  void drop_in_a_destructor() {
    fresh(0);
    handle(resume_fresh(0, 0));
    add(random_.one_in(4) ? Kind::cleanup : Kind::try_);
    add(Kind::throw_);
    suspend();
    add(Kind::cleanup);
    add(Kind::throw_);
    add(Kind::drop).handle = slot(0);
    add(Kind::back);
  }

  /// A trap is raised on each stack outward, whatever its body does then.
  void trap_outward() {
    nested_under_handler(1 + random_.below(3));
    add(Kind::trap);
    for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
      add(random_.one_in(4) ? Kind::throw_ : Kind::return_);
    }
  }

  /// Whole chains take each other's places, under a handler that may be some stacks away.
  void switches_of_chains() {
    waiting_chain(0, random_.below(3));
    fresh(1);
    Step& step = resume_fresh(1, 1);
    step.switches.push_back(tag_);
    step.suspends.push_back(tag_);
    for (std::size_t deeper = random_.below(3); deeper > 0; --deeper) {
      fresh(2);
      resume_fresh(2, 2);
    }
    for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
      switch_to(0, 0);
      idiom_.back().room = wide_room;
    }
    if (random_.one_in(2)) {
      suspend();
    }
  }

  void two_stores() {
    fresh(0);
    if (random_.one_in(2)) {
      handle(resume_fresh(0, 0));
    }
    add(Kind::enter_other);
    handler();
    if (random_.one_in(3)) {
      add(Kind::enter_other);
      handle(resume(0, 0));
      suspend();
    }
    add(random_.one_in(4) ? Kind::throw_ : Kind::leave);
  }

  /// A chain that was suspended on one thread continues on the other.
  void move_between() {
    fresh(0);
    handle(resume_fresh(0, 0));
    if (random_.one_in(3)) {
      add(random_.one_in(2) ? Kind::try_ : Kind::cleanup);
      add(Kind::throw_);
    }
    suspend();
    add(Kind::move);
    handle(resume(0, 0));
    suspend();
  }

 private:
  std::uint8_t slot(std::size_t index) const {
    return static_cast<std::uint8_t>((first_slot_ + index) % program_bounds::handles);
  }

  std::uint8_t any_tag() { return static_cast<std::uint8_t>(random_.below(program_.tags)); }

  /// Adds a step; where there is no room, it replaces the last one.
  Step& add(Kind kind) {
    if (idiom_.full()) {
      idiom_.truncate(idiom_.size() - 1);
    }
    idiom_.push_back({});
    idiom_.back().kind = kind;
    return idiom_.back();
  }

  /// Handles the idiom's tag, now and then by a clause that is not the first.
  void handle(Step& step) {
    if (program_.tags > 1 && random_.one_in(3)) {
      step.suspends.push_back(static_cast<std::uint8_t>((tag_ + 1u) % program_.tags));
    }
    step.suspends.push_back(tag_);
  }

  /// A chain that waits in slot `index`, with room for what a switch hands over.
  void waiting_chain(std::size_t index, std::size_t deeper) {
    fresh(index);
    handle(resume_fresh(index, index));
    for (; deeper > 0; --deeper) {
      fresh(index + 1);
      resume_fresh(index + 1, index + 1);
    }
    suspend();
    idiom_.back().room = wide_room;
  }

  void fresh(std::size_t index) {
    Step& step = add(Kind::new_);
    step.handle = slot(index);
    step.function = static_cast<std::uint8_t>(random_.below(program_.functions.size()));
    step.stack = static_cast<std::uint8_t>(random_.below(program_.stacks.size()));
    params_ = near(program_.functions[step.function].params, 0, program_bounds::usual_values_in);
  }

  /// Mostly with as many values as the latest continuation takes.
  Step& resume_fresh(std::size_t index, std::size_t to) {
    std::uint16_t values = params_;
    if (random_.one_in(4)) {
      Step& bind = add(Kind::bind);
      bind.handle = slot(index);
      bind.to = slot(index);
      bind.values = static_cast<std::uint16_t>(random_.below(std::size_t{values} + 1));
      values = static_cast<std::uint16_t>(values - bind.values);
    }
    Step& step = resume(index, to);
    step.values =
        near(values, random_.one_in(8) ? random_.difference() : 0, program_bounds::usual_values_in);
    return step;
  }

  /// Mostly with as many values as the latest suspend has room for.
  Step& resume(std::size_t index, std::size_t to) {
    Step& step = add(Kind::resume);
    step.handle = slot(index);
    step.to = slot(to);
    step.values =
        near(room_, random_.one_in(8) ? random_.difference() : 0, program_bounds::usual_values_in);
    return step;
  }

  void nested_under_handler(std::size_t deeper) {
    fresh(0);
    handle(resume_fresh(0, 0));
    for (std::size_t count = 0; count < deeper; ++count) {
      fresh(1);
      resume_fresh(1, 1);
      if (random_.one_in(4)) {
        call();
      }
    }
  }

  void suspend() {
    Step& step = add(Kind::suspend);
    step.tag = tag_;
    step.values = few();
    step.room = few();
    room_ = step.room;
  }

  void switch_to(std::size_t index, std::size_t to) {
    Step& step = add(Kind::switch_);
    step.handle = slot(index);
    step.to = slot(to);
    step.tag = tag_;
    step.values = few();
    step.room = static_cast<std::uint8_t>(step.values + 1);  // its handle is the last value
  }

  void call() {
    add(Kind::call).count = static_cast<std::uint16_t>(
        1 + random_.below(random_.one_in(4) ? program_bounds::frames : 3));
  }

  std::uint8_t few() {
    return static_cast<std::uint8_t>(
        random_.below(random_.one_in(8) ? program_bounds::usual_values_across : 3));
  }

  static constexpr std::uint16_t wide_room = program_bounds::usual_values_across;

  const Program& program_;
  Random& random_;
  Idiom& idiom_;
  std::size_t first_slot_;
  std::uint8_t tag_;
  std::uint16_t params_ = 0;
  std::uint16_t room_ = 0;
};

}  // namespace

void make_idiom(const Program& program, Random& random, Idiom& idiom) {
  constexpr std::array idioms = {&Writer::handler,
                                 &Writer::same_tag_in_nested_handlers,
                                 &Writer::deep_forwarding,
                                 &Writer::stale_handle,
                                 &Writer::other_parent,
                                 &Writer::chain_of_switches,
                                 &Writer::abandoned_chain,
                                 &Writer::suspend_while_handling_an_exception,
                                 &Writer::entry_around_a_resume,
                                 &Writer::exception_into_a_chain,
                                 &Writer::suspend_in_a_destructor,
                                 &Writer::drop_in_a_destructor,
                                 &Writer::trap_outward,
                                 &Writer::switches_of_chains,
                                 &Writer::switches_of_chains,
                                 &Writer::two_stores,
                                 &Writer::move_between};
  idiom.clear();
  Writer writer(program, random, idiom);
  (writer.*random.one_of(idioms))();
}

}  // namespace fiberproof::fuzz
