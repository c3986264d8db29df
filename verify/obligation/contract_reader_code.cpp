// Statements about code: its runs, the calls that it makes, what it may modify, and its model.
#include "verify/obligation/contract_reader.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::verify {

ContractReader::Result<void> ContractReader::run() {
  Run run;
  auto name = parser_.expect_name("the run's name");
  if (!name) return std::unexpected(name.error());
  run.name = *name;
  if (std::ranges::find(contract_.runs, *name, &Run::name) != contract_.runs.end()) {
    return parser_.error_here(fmt::format("there are two runs '{}': rename one", *name));
  }
  if (const auto equals = parser_.expect("="); !equals) return equals;
  run.source = parser_.at("sites") ? Run::Source::sites : Run::Source::function;
  if (!parser_.accept("sites")) {
    if (const auto function = parser_.expect("function"); !function) return function;
  }
  auto symbol = parser_.expect_name("a symbol or section");
  if (!symbol) return std::unexpected(symbol.error());
  run.symbol = *symbol;
  if (parser_.accept("after")) {
    auto callee = parser_.expect_name("the function behind whose call the run begins");
    if (!callee) return std::unexpected(callee.error());
    run.after = *callee;
  }
  contract_.runs.push_back(std::move(run));
  return lines([this]() -> Result<void> {
    Run& current = contract_.runs.back();
    if (at_clause()) return clause_into(current.arrivals);
    if (parser_.accept("havoc")) return havoc(current);
    const Position position = parser_.peek().position;
    auto register_name = parser_.expect_name("a register or a clause");
    if (!register_name) return std::unexpected(register_name.error());
    const bool is_operand = current.source == Run::Source::sites &&
                            (*register_name == "load_operand" || *register_name == "store_operand");
    const bool is_register =
        *register_name == "fs_base" ||
        (is_register_name(*register_name) && *register_name != "al" && *register_name != "rip");
    if (!is_operand && !is_register) {
      return parser_.error(position, fmt::format("'{}' is not a register", *register_name));
    }
    if (const auto equals = parser_.expect("=="); !equals) return equals;
    auto value = parser_.word();
    if (!value) return std::unexpected(value.error());
    current.registers.push_back({*register_name, std::move(*value)});
    return {};
  });
}

ContractReader::Result<void> ContractReader::havoc(Run& run) {
  if (run.havoc) return parser_.error_here("write only one havoc in a run");
  if (contract_.runs.size() == 1) {
    return parser_.error_here("remove the havoc: nothing is known before the first run");
  }
  run.havoc.emplace();
  return parser_.accept("keeps") ? ranges_into(*run.havoc) : Result<void>();
}

ContractReader::Result<void> ContractReader::ranges_into(std::vector<Range>& ranges) {
  do {
    auto range = parser_.range();
    if (!range) return std::unexpected(range.error());
    ranges.push_back(std::move(*range));
  } while (parser_.accept(","));
  return {};
}

ContractReader::Result<void> ContractReader::call() {
  CallDeclaration call;
  call.position = parser_.peek().position;
  auto name = parser_.expect_name("the call's name");
  if (!name) return std::unexpected(name.error());
  call.name = *name;
  if (const auto equals = parser_.expect("="); !equals) return equals;
  if (parser_.accept("indirect")) {
    auto target = parser_.word();
    if (!target) return std::unexpected(target.error());
    call.target = std::move(*target);
  } else if (parser_.accept("syscall")) {
    if (parser_.peek().kind != Token::Kind::number) {
      return parser_.error_here("expected the number of a system call");
    }
    call.system_call = parser_.next().value;
  } else {
    if (const auto function = parser_.expect("function"); !function) return function;
    auto symbol = parser_.expect_name("a symbol");
    if (!symbol) return std::unexpected(symbol.error());
    call.symbol = *symbol;
  }
  contract_.calls.push_back(std::move(call));
  return lines([this]() -> Result<void> {
    CallDeclaration& current = contract_.calls.back();
    if (parser_.accept("keeps")) return ranges_into(current.kept);
    if (parser_.accept("never_called")) {
      current.never_called = current.never_returns = true;
      return {};
    }
    if (parser_.at("when")) return condition_into(current.condition);
    if (parser_.accept("never_returns")) {
      current.never_returns = true;
      return {};
    }
    if (parser_.accept("returns")) {
      auto guarantee = parser_.truth();
      if (!guarantee) return std::unexpected(guarantee.error());
      current.guarantees.push_back(std::move(*guarantee));
      return {};
    }
    return clause_into(current.clauses);
  });
}

ContractReader::Result<void> ContractReader::model_store() {
  ModelStore store;
  auto target = parser_.word();
  if (!target) return std::unexpected(target.error());
  if (target->kind != ExpressionKind::memory) {
    return parser_.error(target->position, "write a store of the model as [address] := value");
  }
  store.bytes = static_cast<unsigned>(target->value);
  store.address = std::move(target->operands[0]);
  if (const auto becomes = parser_.expect(":="); !becomes) return becomes;
  auto value = parser_.word();
  if (!value) return std::unexpected(value.error());
  store.value = std::move(*value);
  if (const auto when = condition_into(store.condition); !when) return when;
  contract_.model.push_back(std::move(store));
  return {};
}

ContractReader::Result<void> ContractReader::condition_into(std::optional<Expression>& condition) {
  if (parser_.accept("when")) {
    auto formula = parser_.truth();
    if (!formula) return std::unexpected(formula.error());
    condition = std::move(*formula);
  }
  return {};
}

ContractReader::Result<void> ContractReader::write_declaration() {
  WriteDeclaration write;
  auto id = spec_id();
  if (!id) return std::unexpected(id.error());
  write.spec_id = *id;
  const std::size_t start = parser_.peek().offset;
  auto range = parser_.range();
  if (!range) return std::unexpected(range.error());
  write.range = std::move(*range);
  write.text = text_since(start);
  if (const auto when = condition_into(write.condition); !when) return when;
  contract_.modifies.push_back(std::move(write));
  return {};
}

ContractReader::Result<void> ContractReader::unclaimed_declaration() {
  UnclaimedDeclaration unclaimed;
  unclaimed.position = parser_.peek().position;
  const std::size_t start = parser_.peek().offset;
  auto id = spec_id();
  if (!id) return std::unexpected(id.error());
  unclaimed.spec_id = *id;
  do {
    if (const auto part = unclaimed_part(unclaimed); !part) return part;
  } while (parser_.accept(","));
  if (parser_.accept("at")) {
    do {
      if (const auto point = unclaimed_point(unclaimed); !point) return point;
    } while (parser_.accept(","));
  }
  if (const auto when = condition_into(unclaimed.condition); !when) return when;
  unclaimed.text = text_since(start);
  if (const std::size_t bar = unclaimed.text.rfind(" |"); bar != std::string::npos) {
    unclaimed.text.resize(bar);
  }
  do {
    if (parser_.peek().kind == Token::Kind::end_of_line) parser_.next();
    const std::string line = parser_.peek().text;
    const std::size_t first = line.find_first_not_of(' ');
    if (parser_.peek().kind != Token::Kind::template_line || first == std::string::npos) {
      return parser_.error_here("say behind '|' why no clause claims it");
    }
    unclaimed.reason += (unclaimed.reason.empty() ? "" : " ") + line.substr(first);
    parser_.next();
  } while (parser_.peek(1).kind == Token::Kind::template_line);
  contract_.unclaimed.push_back(std::move(unclaimed));
  return {};
}

ContractReader::Result<void> ContractReader::unclaimed_part(UnclaimedDeclaration& unclaimed) {
  if (parser_.at("[")) {
    auto range = parser_.range();
    if (!range) return std::unexpected(range.error());
    unclaimed.ranges.push_back(std::move(*range));
    return {};
  }
  const Position position = parser_.peek().position;
  auto name = parser_.expect_name("a register, a mode or a range of memory");
  if (!name) return std::unexpected(name.error());
  if (*name == "al" || *name == "fs_base" || (!is_register_name(*name) && !is_mode_name(*name))) {
    return parser_.error(position, fmt::format("'{}' is not a register or a mode", *name));
  }
  unclaimed.registers.push_back(*name);
  return {};
}

ContractReader::Result<void> ContractReader::unclaimed_point(UnclaimedDeclaration& unclaimed) {
  const Position position = parser_.peek().position;
  auto name = parser_.expect_name("a call, a run or 'exit'");
  if (!name) return std::unexpected(name.error());
  const bool is_call =
      std::ranges::find(contract_.calls, *name, &CallDeclaration::name) != contract_.calls.end();
  const bool is_run = std::ranges::find(contract_.runs, *name, &Run::name) != contract_.runs.end();
  if (*name != "exit" && !is_call && !is_run) {
    return parser_.error(position, fmt::format("'{}' is not a call or a run above", *name));
  }
  unclaimed.points.push_back(*name);
  return {};
}

ContractReader::Result<void> ContractReader::live_declaration() {
  const Position position = parser_.peek().position;
  if (contract_.runs.empty() || contract_.runs.back().source != Run::Source::sites) {
    return parser_.error(position, "write 'live' behind a run of 'sites'");
  }
  LiveDeclaration live;
  auto id = spec_id();
  if (!id) return std::unexpected(id.error());
  live.spec_id = *id;
  auto label = parser_.expect_name("the clause's label");
  if (!label) return std::unexpected(label.error());
  live.label = *label;
  if (const auto named = clause_name(live.spec_id, live.label); !named) return named;
  if (const auto colon = parser_.expect(":"); !colon) return colon;
  const std::size_t start = parser_.peek().offset;
  do {
    const Position place = parser_.peek().position;
    auto name = parser_.expect_name("a register");
    if (!name) return std::unexpected(name.error());
    if (!is_register_name(*name) || *name == "al" || *name == "rip") {
      return parser_.error(place, fmt::format("'{}' is not a register", *name));
    }
    live.registers.push_back(*name);
  } while (parser_.accept(","));
  live.text = text_since(start);
  contract_.live.push_back(std::move(live));
  return {};
}

}  // namespace fiberproof::verify
