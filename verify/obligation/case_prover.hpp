// Proves one case of a contract, on its model or on machine code: it executes the code, then turns
// every clause, every call and every access into an obligation of a theorem.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/ledger.hpp"
#include "verify/obligation/scope.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/x86/code_library.hpp"
#include "verify/x86/paths.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace fiberproof::verify {

class CaseProver {
 public:
  template <class T>
  using Result = std::expected<T, std::string>;

  /// Index of the contract's callee with this address, if there is one.
  using Callees = std::function<std::optional<std::size_t>(std::uint64_t target)>;
  /// Index of the contract's callee with this symbol name, for a symbol that another file may
  /// define.
  using CalleesByName = std::function<std::optional<std::size_t>(std::string_view symbol)>;

  /// The code of each run of the contract, and of its callees.
  struct Routines {
    const std::vector<Code>& runs;
    const Callees& callees;
    const CalleesByName& callees_by_name;
    const CodeFinder& find_code;
    const CodeLibrary& library;
  };

  CaseProver(const Contract& contract, Subject subject, Ledger& ledger, Case& in)
      : contract_(contract),
        subject_(subject),
        ledger_(ledger),
        case_(in),
        entry_(in.entry_scope()),
        layout_(layout()) {}

  /// Shows a state that meets the assumptions, with regions that do not overlap.
  void assumptions_can_be_met();

  /// Claims every clause before anything runs, so that a clause which no path reaches counts as
  /// unknown.
  void claim_all();

  Result<void> run_model();

  /// Executes the code of each run of the contract, in order.
  Result<void> run_code(const Routines& routines);

 private:
  /// A theorem that every contract has, about the contract as a whole; it has no spec id.
  Theorem& claim(const std::string& label, const std::string& spec_id = {});
  void claim_clauses(const std::vector<Clause>& clauses);
  Result<void> model_store(const ModelStore& store, SymbolicCpu cpu,
                           std::vector<SymbolicCpu>& next);
  bool is_possible(const SymbolicCpu& cpu);
  /// The label of the theorem that claims that the call is made, or never made.
  static std::string label_of(const CallDeclaration& call);
  Result<void> begin_run(std::size_t index, SymbolicCpu& cpu, std::optional<Term> rip);
  CallOutcome call(SymbolicCpu& cpu, Term target, const SymbolicCpu& before,
                   const Routines& routines);
  /// A system call, whose number must certainly be one that the contract describes.
  CallOutcome system_call(SymbolicCpu& cpu);
  /// The callee of the contract that `target` certainly is, or null.
  const CallDeclaration* callee(Term target, Scope& at, const Routines& routines);

  struct Kept {
    Location location;
    Term value;
    unsigned bytes;
  };
  /// The contents of `ranges` of whole words, which must stay the same across a havoc of memory.
  static Result<std::vector<Kept>> contents(const std::vector<Range>& ranges, Scope& scope);
  static void keep(const std::vector<Kept>& kept, SymbolicCpu& cpu);

  /// The state after a callee has returned: everything is unknown but what it keeps and guarantees.
  Result<void> forget(const CallDeclaration& declared, Scope& before, SymbolicCpu& cpu);

  /// The state once `declared` was called at `before`.
  CallOutcome outcome_of(const CallDeclaration& declared, Scope& before, SymbolicCpu& cpu);

  static Result<void> name_contents(const Expression& guarantee, Scope& after);

  /// Whether the path continues with the contract's next run, or its exit.
  bool show_path_end(PathEnd& end);
  void show_dead_end(Theorem& leaves, PathEnd& end);
  void show_trap(Theorem& leaves, PathEnd& end);
  void decide_path(Theorem& theorem, const Query& query, const Answer& answer, PathEnd& end);
  static std::string reason_of(const PathEnd& end);

  /// Whether the contract requires the call, once; otherwise it requires that there is none.
  Result<Formula> is_to_be_made(const CallDeclaration& call) const;
  /// A path that leaves without a call that the contract requires must be impossible.
  void show_calls(SymbolicCpu& cpu);
  void show_exit(SymbolicCpu& cpu, std::optional<Term> rip);
  void show(const std::vector<Clause>& clauses, Scope& scope);
  void show_goal(Theorem& theorem, const Clause& clause, Formula goal, Scope& scope);
  void oblige(Theorem& theorem, const Query& query, const Ledger::Story& story);
  void show_accesses(SymbolicCpu& cpu);
  void oblige_access(const std::string& label, const std::string& spec_id, Formula allowed,
                     const Access& access, SymbolicCpu& cpu);
  std::optional<Term> distance_below_rsp(const Access& access) const;
  Formula may_modify(const Access& access);

  Refutation tell(const std::string& claim_text, const Clause* clause, SymbolicCpu& cpu,
                  std::optional<Term> rip, const Query& query, const Answer& answer,
                  std::optional<Term> address = std::nullopt);
  /// States that every region has bytes, and shares none with another.
  std::vector<Formula> layout() const;

  const Contract& contract_;
  Subject subject_;
  Ledger& ledger_;
  Case& case_;
  Scope entry_;
  std::vector<Formula> layout_;
  const Routines* routines_ = nullptr;
  std::optional<std::string> call_error_;
  std::optional<std::string> refusal_;  ///< of an instruction of the routine itself
  std::set<std::tuple<std::string, std::uint64_t, std::uint64_t>> shown_accesses_;
};

}  // namespace fiberproof::verify
