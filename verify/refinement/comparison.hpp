// Compares three opinions on a run, step by step: the proved machine (verify/model), the reference
// of the fuzz oracles, and core. Each transition of the reference is translated to operations of
// the model, which are executed; then every field that two or three of them have is compared. Steps
// without a transition in the model are counted, and must have changed nothing.
#pragma once

#include "fuzz/run/run_log.hpp"
#include "verify/model/effect.hpp"
#include "verify/refinement/naming.hpp"
#include "verify/refinement/remembering_machine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace fiberproof::verify::refinement {

/// How much was compared so far, and what was not.
struct Tally {
  std::uint64_t programs = 0;
  std::uint64_t transitions = 0;  ///< of the reference, after which model and reference agreed
  std::uint64_t with_core = 0;    ///< after which core agreed, too
  std::array<std::uint64_t, model::kinds> done{};
  std::array<std::uint64_t, model::kinds> refused{};
  std::array<std::uint64_t, fuzz::Step::kinds> unmodelled{};  ///< steps, by kind
  std::uint64_t no_stack = 0;   ///< creations on a stack that cannot be mapped at all
  std::uint64_t skipped = 0;    ///< steps that mean nothing where they are taken
  std::uint64_t too_large = 0;  ///< transitions that were not compared because the run was too
                                ///< large
};
std::string text(const Tally& tally);

/// The first field that differs.
struct Difference {
  std::string what;  ///< the field, and its object
  std::string model;
  std::string reference;
  std::string core;
  std::uint32_t serial = 0;  ///< of the step
  std::string step;          ///< as in the text of a Program
  std::string operations;    ///< of the model, for this step
};
std::string text(const Difference& difference);

class Comparison {
 public:
  explicit Comparison(std::optional<model::Mutant> mutant = {});

  std::optional<Difference> compare(const fuzz::Program& program, const fuzz::RunLog& log);

  const Tally& tally() const { return tally_; }
  const RememberingMachine& machine() const { return machine_; }

 private:
  using Logged = fuzz::LoggedTransition;
  using Step = fuzz::Step;
  using Word = std::uint64_t;

  // Operations (comparison.cpp).
  void open_store();
  void follow(const Logged& logged);
  void follow_step(const Logged& logged, const Step& step);
  void make(const Logged& logged, const Step& step);
  void use(const Logged& logged, const Step& step, model::Kind kind);
  void suspend(const Logged& logged, const Step& step);
  void end(bool by_trap);
  void unwind(const Logged& logged);
  void enter(const Logged& logged);
  void take(const model::ConcreteOperation& operation, bool is_refused = false);
  void send(model::ConcreteOperation& operation, const Logged& logged, const Step& step);
  void put_handle(const Logged& logged, const model::ConcreteOperation& operation);
  Word new_handle();
  Word find_cut(const Step& step, bool switches);
  void tell_tables(std::uint8_t tag);
  void tell(model::Field field, Word of, Word value);

  // Fields (comparison_fields.cpp).
  void compare_stores(const Logged& logged);
  void compare_record(const fuzz::LoggedStack& reference, const fuzz::LoggedRecord* core);
  void compare_waiting(Word record, const fuzz::LoggedStack& reference,
                       const fuzz::LoggedRecord* core);
  void compare_limits(Word record, const fuzz::LoggedRecord& core);
  void compare_handles(const Logged& logged);
  void compare_active(const Logged& logged);
  void same(const char* what, Word of, Word model, std::optional<Word> reference,
            std::optional<Word> core);
  void differ(std::string what, std::string model, std::string reference, std::string core);

  Word get(model::Field field, Word of = 0) const { return machine_.state().read(field, of); }
  Word active() const { return get(model::Field::active); }

  RememberingMachine machine_;
  bool is_mutant_;
  Tally tally_;
  Naming names_;
  std::array<Word, fuzz::program_bounds::handles> slots_{};
  std::vector<Told> told_;
  const fuzz::Program* program_ = nullptr;
  Word watched_place_ = 0;
  std::vector<model::ConcreteOperation> operations_;  ///< of the current transition
  std::optional<Difference> difference_;
  bool is_too_large_ = false;
};

}  // namespace fiberproof::verify::refinement
