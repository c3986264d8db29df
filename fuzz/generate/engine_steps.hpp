// Steps for engines, one after the other: each is taken by a Reference as soon as it stands in the
// program, so that the next can be one that means something where it is taken.
//
// Each draws from a Random at most once among the arguments of a call, whose order is the
// compiler's, so that a seed gives the same program with every compiler.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/reference/reference.hpp"

#include <cstddef>
#include <cstdint>

namespace fiberproof::fuzz {

class EngineSteps {
 public:
  /// A continuation that waits, and a slot with its handle.
  struct Waiting {
    std::uint8_t slot;
    bool is_fresh;
    std::uint32_t
        wanted;  ///< values that it takes: what its function or its suspension has room for
  };
  using Waitings = BoundedList<Waiting, program_bounds::handles>;

  /// The stacks and handlers around the running stack, in its entry.
  struct Around {
    bool is_initial = false;
    bool catches = false;           ///< a try is on its chain
    bool has_handler = false;       ///< it caught something, which it can throw again
    std::uint8_t suspend_tags = 0;  ///< that are handled, a bit each
    std::uint8_t switch_tags = 0;
    std::uint32_t depth = 0;
  };

  /// On input `program` has its declarations and no steps, and outlives the use of this.
  /// `collects` puts a collect behind some of the steps.
  void begin(Program& program, Random& random, bool collects);

  /// Leaves room for as many steps at the end.
  void keep_room(std::size_t steps);
  /// Uses what was kept.
  void use_room();
  /// Whether there is no room for more steps; none is added then.
  bool is_over() const { return is_over_; }
  std::size_t size() const { return program_->steps.size(); }

  Around around() const;
  Waitings waiting() const;
  bool is_waiting(std::uint8_t slot) const { return reference_.is_good(reference_.slot(slot)); }
  /// The target of the handle in `slot`; a target that wants no values if the handle is not good.
  Waiting waiting_in(std::uint8_t slot) const;
  /// Whether an exception that is thrown into it is caught in it.
  bool catches(const Waiting& continuation) const;
  const Reference& reference() const { return reference_; }
  const Program& program() const { return *program_; }
  Random& random() { return *random_; }

  /// Appends `step`, and takes it.
  void take(const Step& step);
  void take(Step::Kind kind) { take(Step{.kind = kind}); }

  // The operations, with numbers of values that fit.
  Waiting make(std::uint8_t function);
  Waiting make() { return make(any_function()); }
  Waiting bind(const Waiting& continuation, std::uint32_t values);
  /// With all the values that it wants. What suspends comes to slot `to`.
  void resume(const Waiting& continuation, const Step& clauses, std::uint8_t to);
  void resume(const Waiting& continuation, const Step& clauses);
  /// The same with a new one.
  void resume_new(const Step& clauses) { resume(make(), clauses); }
  void resume_new(const Step& clauses, std::uint8_t to) { resume(make(), clauses, to); }
  void throw_into(const Waiting& continuation, const Step& clauses);
  void suspend(std::uint8_t tag);
  void suspend(std::uint8_t tag, std::uint8_t values, std::uint8_t room);
  /// On input it can be switched to: see can_switch_to.
  void switch_to(const Waiting& continuation, std::uint8_t tag, std::uint8_t room, std::uint8_t to);
  /// The steps from `first` on, up to `count` times more.
  void repeat_from(std::size_t first, std::size_t count);

  /// Whether a switch, whose handle counts as a value, has as many as it wants.
  static bool can_switch_to(const Waiting& continuation) {
    return continuation.wanted >= 1 && continuation.wanted <= program_bounds::usual_values_across;
  }

  // Choices.
  std::uint8_t any_function();
  std::uint8_t any_tag() { return static_cast<std::uint8_t>(random_->below(program_->tags)); }
  std::uint8_t one_of_tags(std::uint8_t set);
  /// One of the slots without a handle that can be used, or of all.
  std::uint8_t free_slot();
  /// Few, now and then as many as can be.
  std::uint8_t few_values();
  /// A clause list with `tag`, or others as well.
  Step suspends(std::uint8_t tag);
  Step suspends() { return suspends(any_tag()); }

 private:
  void append(const Step& step);
  std::uint64_t results_max() const;

  Program* program_ = nullptr;
  Random* random_ = nullptr;
  Reference reference_;
  std::size_t steps_max_ = 0;
  std::uint64_t work_max_ = 0;
  bool collects_ = false;
  bool is_over_ = false;
};

}  // namespace fiberproof::fuzz
