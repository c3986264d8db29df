#include "verify/cli/proof_printer.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/confirm.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

namespace fiberproof::verify {
namespace {

const std::string& text_of(const std::string& line) {
  return line;
}

bool is_wrong(const std::string&) {
  return false;
}
bool is_wrong(const ListedStep& step) {
  return step.is_wrong;
}
bool is_wrong(const MemoryRow& row) {
  return row.is_wrong;
}

Tone tone_of(Verdict verdict, bool is_expected) {
  if (is_expected || verdict == Verdict::proved) return Tone::good;
  return verdict == Verdict::refuted ? Tone::bad : Tone::doubtful;
}

template <class Line>
void print_list(const char* heading, const std::vector<Line>& lines) {
  if (lines.empty()) return;
  fmt::print("    {}\n", heading);
  for (const Line& line : lines) {
    const std::string text = text_of(line);
    fmt::print("      {}\n", is_wrong(line) ? toned(text, Tone::bad) : text);
  }
}

// The switches that the theorems are about; and what the search met besides, so that it is clear
// what was not proved.
void print_switches(const ProvedSwitches& told) {
  constexpr std::size_t misses_max = 12;
  fmt::print("found    {} switch{}, {} different\n", told.switches, told.switches == 1 ? "" : "es",
             told.different);
  for (const std::string& kind : told.kinds) fmt::print("         {}\n", kind);
  fmt::print("searched {} of code", counted(told.bytes, "byte"));
  if (told.bytes_unread > 0) fmt::print(", {} of them no instructions", told.bytes_unread);
  fmt::print("; {}\n", counted(told.other_jumps, "other indirect jump"));
  for (std::size_t index = 0; index < std::min(told.misses.size(), misses_max); ++index) {
    fmt::print("no switch {}\n", told.misses[index]);
  }
  if (told.misses.size() > misses_max) {
    fmt::print("no switch: {} more places; --json FILE has them all\n",
               told.misses.size() - misses_max);
  }
}

// Where an editor finds the wrong instruction.
void print_place(const ListedStep& step) {
  if (step.symbol.empty()) return;
  fmt::print("    at       {}+{:#x}", step.symbol, step.offset);
  if (step.source) fmt::print(", {}:{}", step.source->file, step.source->line);
  fmt::print("\n");
}

void print_story(const Refutation& story) {
  fmt::print("    claim    {}\n", story.claim);
  if (!story.found.empty()) fmt::print("             {}\n", story.found);
  if (!story.where.empty()) fmt::print("    where    {}\n", story.where);
  print_list("for", story.values);
  print_list("runs", story.listing);
  for (const ListedStep& step : story.listing) {
    if (step.is_wrong) print_place(step);
  }
  print_list("memory, high addresses first", story.memory);
}

// For a contract that is not in proofs.txt: every refutation and unknown.
std::vector<std::string> differences_without_list(const std::vector<ContractResult>& results) {
  std::vector<std::string> refuted;
  std::vector<std::string> unknown;
  for (const ContractResult& result : results) {
    for (const Theorem& theorem : result.theorems) {
      if (theorem.verdict == Verdict::refuted) refuted.push_back(theorem.name + " is refuted");
      if (theorem.verdict == Verdict::unknown && !theorem.is_not_reached) {
        unknown.push_back(fmt::format("{} is unknown: {}", theorem.name, theorem.reason));
      }
    }
  }
  refuted.insert(refuted.end(), unknown.begin(), unknown.end());
  return refuted;
}

std::size_t count(const ProofReport& report, Verdict verdict) {
  std::size_t sum = 0;
  for (const ContractResult& result : report.results) {
    sum +=
        static_cast<std::size_t>(std::ranges::count(result.theorems, verdict, &Theorem::verdict));
  }
  return sum;
}

}  // namespace

void ProofPrinter::asked(std::string_view theorem) {
  constexpr std::chrono::milliseconds pause{50};
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_at_ < pause) return;
  shown_at_ = now;
  const std::string total = plan_.theorems == 0 ? "" : fmt::format("/{}", plan_.theorems);
  status_line_.show(fmt::format("[{}{}] {}", printed_, total, theorem));
}

ExitStatus ProofPrinter::print(const ContractResult& result) {
  status_line_.clear();
  const auto is_surprise = [this](const Theorem& theorem) {
    return theorem.verdict == Verdict::refuted && !is_as_expected(theorem);
  };
  any_refuted_ |= std::ranges::any_of(result.theorems, is_surprise);
  ExitStatus status = ExitStatus::ok;
  for (const bool surprises : {true, false}) {
    for (const Theorem& theorem : result.theorems) {
      if (is_surprise(theorem) == surprises) status = worse(status, print_theorem(theorem));
    }
  }
  for (const ProvedCode& code : result.code) {
    fmt::print("on       {}: {}, {}, hash {:016x}\n", code.routine,
               counted(code.instructions, "instruction"), counted(code.bytes, "byte"), code.hash);
  }
  for (const std::string& callee : result.callees) {
    fmt::print("calls    {}: no symbol given, so the trampoline's callee\n", callee);
  }
  printed_ += result.theorems.size();
  flush();
  return status;
}

ExitStatus ProofPrinter::print_differences(const std::vector<ContractResult>& results) {
  std::vector<std::string> lines;
  if (options_.contracts.empty()) {
    // With foreign code or a selection, only requested theorems can be missing.
    std::vector<ExpectedTheorem> list = plan_.expected;
    if (plan_.code.is_foreign() || !plan_.selection.is_of_all()) {
      list = of_contracts(list, results);
      std::erase_if(list, [this](const ExpectedTheorem& theorem) {
        return !plan_.selection.takes(theorem.name) && !rule_of_theorem(theorem.name).empty();
      });
    }
    lines = differences(list, results);
  } else {
    lines = differences_without_list(results);
  }
  ExitStatus status = ExitStatus::ok;
  for (const std::string& line : lines) {
    const auto run = native_.find(std::string_view(line).substr(0, line.find(' ')));
    const bool is_kept = run != native_.end() && !run->second.kept_as.empty();
    const std::string replay =
        is_kept ? "; replay with: fiberproof replay " + run->second.kept_as : "";
    complain(line + replay);
    if (options_.contracts.empty()) status = worse(status, ExitStatus::failed);
  }
  return status;
}

void ProofPrinter::print_summary(const ProofReport& report) const {
  const std::size_t proved = count(report, Verdict::proved);
  const std::size_t refuted = count(report, Verdict::refuted);
  const std::size_t unknown = count(report, Verdict::unknown);
  if (plan_.code.is_foreign()) print_foreign_summary(report);
  if (refuted > 0 && report.status != ExitStatus::ok) print_numbers();
  std::string text =
      fmt::format("{} in {:.1f} s: {} proved", counted(proved + refuted + unknown, "theorem"),
                  report.seconds, proved);
  if (refuted > 0) text += fmt::format(", {} refuted", refuted);
  if (unknown > 0) text += fmt::format(", {} unknown", unknown);
  if (is_interrupted()) text += "; interrupted: what is not printed was not decided";
  const bool is_good = report.status == ExitStatus::ok;
  if (is_good && refuted > 0 && !is_interrupted()) text += ", all as expected";
  if (!is_good) {
    text += toned("; NOT as expected: see the lines that begin with 'fiberproof:'", Tone::bad);
  }
  fmt::print("{}\n", text);
}

// What was proved of which code, refuted, expected, and not looked at and why; and what to type
// next.
void ProofPrinter::print_foreign_summary(const ProofReport& report) const {
  for (const ContractResult& result : report.results) {
    if (result.switches && plan_.search) {
      print_switches(*result.switches);
      for (const std::string& line : plan_.search->operations) fmt::print("{}\n", line);
      break;  // every contract about switches is about the same ones
    }
  }
  print_verdicts(report, Verdict::proved);
  print_verdicts(report, Verdict::refuted);
  print_verdicts(report, Verdict::unknown);
  if (plan_.code.keeps_old_rules()) {
    fmt::print(
        "summary  the trampoline keeps the rules of v44, not those of trap: a trapped "
        "continuation is reported as returned (T5)\n");
  }
  print_left_out();
  print_next(report);
}

// One line a contract: the rules that its theorems of this verdict are about, and the code.
void ProofPrinter::print_verdicts(const ProofReport& report, Verdict verdict) const {
  for (const ContractResult& result : report.results) {
    std::set<std::string> rules;
    std::size_t theorems = 0;
    std::size_t expected = 0;
    for (const Theorem& theorem : result.theorems) {
      if (theorem.verdict != verdict) continue;
      ++theorems;
      expected += is_as_expected(theorem) ? 1 : 0;
      if (!theorem.spec_id.empty()) rules.insert(theorem.spec_id);
    }
    if (theorems == 0) continue;
    const auto planned =
        std::ranges::find(plan_.contracts, result.contract,
                          [](const PlannedContract& one) { return one.contract.name; });
    const std::string code =
        planned == plan_.contracts.end() ? "" : plan_.code.described(planned->contract);
    std::string note;
    if (verdict == Verdict::refuted && expected == theorems) note = ", as expected";
    if (verdict == Verdict::refuted && expected != theorems && expected != 0) {
      note = fmt::format(", {} of them as expected", expected);
    }
    fmt::print("summary  {} {} of {} theorems of {}{}{}{}\n", name_of(verdict), theorems,
               result.theorems.size(), result.contract,
               rules.empty() ? "" : fmt::format(" ({})", fmt::join(rules, " ")), note,
               code.empty() ? "" : ": " + code);
  }
}

void ProofPrinter::print_left_out() const {
  if (plan_.search && plan_.code.searches_switches() && !plan_.search->is_of_cranelift) {
    fmt::print(
        "summary  not claimed: which registers are live behind a switch (S4), since the file is no "
        "module of Cranelift\n");
  }
  std::set<std::string> missing;
  for (const Contract& contract : plan_.left_out) {
    for (std::string& role : plan_.code.missing_roles(contract)) missing.insert(std::move(role));
  }
  // Only `initialize` calls it.
  if (missing.contains("initialize")) missing.erase("check_failed");
  if (missing.empty()) return;
  fmt::print("summary  not looked at: {}, since no --symbol ROLE=NAME says where it is\n",
             fmt::join(missing, ", "));
}

// Numbers that differ between versions of a library are those of one of them in its contract.
void ProofPrinter::print_numbers() const {
  if (options_.contracts.empty()) return;
  for (const auto& [contract, file] : plan_.contracts) {
    for (const Definition& definition : contract.definitions) {
      if (definition.expression.kind != ExpressionKind::number) continue;
      fmt::print("given    {}: {} = {:#x}; for a version with another: --let {}=NUMBER\n",
                 contract.name, definition.name, definition.expression.value, definition.name);
    }
  }
}

void ProofPrinter::print_next(const ProofReport& report) const {
  for (const ContractResult& result : report.results) {
    for (const Theorem& theorem : result.theorems) {
      if (theorem.verdict != Verdict::refuted || is_as_expected(theorem)) continue;
      fmt::print(
          "next: mend the code, and ask for this theorem alone: fiberproof prove {} --object "
          "{}{}\n",
          theorem.name, shell_word(options_.object), plan_.code.as_options());
      return;
    }
  }
  if (!plan_.search || plan_.code.has_start()) return;
  for (const ContractResult& result : report.results) {
    if (!result.switches || result.switches->trampolines.empty()) continue;
    fmt::print(
        "next: code like an entry trampoline is there, too: fiberproof prove --object {} "
        "--symbol {}\n",
        shell_word(options_.object), shell_word("start=" + result.switches->trampolines.front()));
    return;
  }
}

const ExpectedTheorem* ProofPrinter::expected(const Theorem& theorem) const {
  const auto entry = std::ranges::find(plan_.expected, theorem.name, &ExpectedTheorem::name);
  return entry == plan_.expected.end() ? nullptr : &*entry;
}

bool ProofPrinter::is_as_expected(const Theorem& theorem) const {
  const ExpectedTheorem* const entry = expected(theorem);
  return entry != nullptr && entry->verdict == theorem.verdict;
}

// A theorem's verdict, and for a refutation whether real stacks show the same.
ExitStatus ProofPrinter::print_theorem(const Theorem& theorem) {
  const bool is_expected = is_as_expected(theorem);
  std::string note;
  if (theorem.verdict == Verdict::refuted && is_expected) {
    const std::string& reason = expected(theorem)->reason;
    note = fmt::format("  (expected{}{})", reason.empty() ? "" : ": ", reason);
  }
  const std::string verdict = fmt::format("{:8}", name_of(theorem.verdict));
  fmt::print("{} {:60} {:4} obligation{} {:>12}{}\n",
             toned(verdict, tone_of(theorem.verdict, is_expected)), theorem.name,
             theorem.obligations, theorem.obligations == 1 ? " " : "s", decided_by(theorem), note);
  if (theorem.verdict == Verdict::unknown) {
    fmt::print("    because  {}\n", theorem.reason);
    return ExitStatus::could_not_run;
  }
  if (theorem.verdict == Verdict::proved) return ExitStatus::ok;
  const ExitStatus status = is_expected ? ExitStatus::ok : ExitStatus::failed;
  return theorem.refutation ? worse(status, confirm(theorem, is_expected)) : status;
}

// Keeps the Program of an unexpected refutation, for the corpus to replay.
ExitStatus ProofPrinter::confirm(const Theorem& theorem, bool is_expected) {
  print_story(*theorem.refutation);
  const std::string& program = theorem.refutation->program;
  if (program.empty() || !options_.object.empty()) return ExitStatus::ok;
  const Confirmation confirmation =
      confirm_natively(program, is_expected, theorem.refutation->program_is_of_state);
  NativeRun& native = native_[theorem.name];
  native = {confirmation.confirmed, confirmation.line, {}};
  fmt::print("    natively {}\n    Program\n{}", confirmation.line, indented(program, "      "));
  if (is_expected) return confirmation.confirmed ? ExitStatus::ok : ExitStatus::could_not_run;
  if (!confirmation.confirmed) return ExitStatus::ok;
  const auto path = keep_counterexample(options_.counterexamples, theorem.name, program);
  if (path) {
    native.kept_as = *path;
    fmt::print("    kept as  {}\n", *path);
  } else {
    complain(path.error());
  }
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
