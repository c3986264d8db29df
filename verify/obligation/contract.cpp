// Statements of a contract's text.
#include "verify/obligation/contract.hpp"

#include "verify/obligation/parser.hpp"
#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

namespace fiberproof::verify {
namespace {

constexpr std::size_t id_letters_max = 16;

constexpr std::array<std::string_view, 14> statement_names = {
    "contract", "ghost", "let",       "assume", "region",   "alias",  "run",
    "call",     "model", "preserves", "exit",   "modifies", "prefer", "counterexample"};

// A rule's id: letters and a number, such as T4 (verify/SPEC.md) or one of the contract's own. Some
// registers read the same.
bool is_spec_id(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t letters =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
  return letters > 0 && letters < text.size() && text.size() <= id_letters_max &&
         std::ranges::all_of(text.substr(letters), is_digit);
}

class ContractReader {
 public:
  template <class T>
  using Result = Parser::Result<T>;

  ContractReader(std::string_view text, std::vector<Token> tokens, Contract& contract)
      : text_(text), contract_(contract), parser_(std::move(tokens), contract) {}

  Result<void> read() {
    if (!parser_.at("contract"))
      return parser_.error_here("a contract begins with 'contract NAME'");
    while (parser_.peek().kind != Token::Kind::end_of_text) {
      if (const auto done = statement(); !done) return done;
    }
    return {};
  }

 private:
  bool at_statement() const {
    return parser_.peek().kind == Token::Kind::end_of_text ||
           std::ranges::any_of(statement_names, [this](auto name) { return parser_.at(name); });
  }

  Result<void> statement() {
    if (parser_.accept("contract")) return contract_name();
    if (parser_.accept("ghost")) return ghosts();
    if (parser_.accept("let")) return definition();
    if (parser_.accept("assume")) return truth_into(contract_.assumptions);
    if (parser_.accept("prefer")) return truth_into(contract_.preferences);
    if (parser_.accept("region")) return region();
    if (parser_.accept("alias")) return alias();
    if (parser_.accept("run")) return run();
    if (parser_.accept("call")) return call();
    if (parser_.accept("model")) return lines([this] { return model_store(); });
    if (parser_.accept("exit")) return lines([this] { return clause_into(contract_.exits); });
    if (parser_.accept("preserves")) return lines([this] { return preserved(); });
    if (parser_.accept("modifies")) return lines([this] { return write_declaration(); });
    if (parser_.accept("counterexample")) return program();
    return parser_.error_here(fmt::format("'{}' begins no statement", parser_.peek().text));
  }

  // A heading, then one line each until the next statement.
  template <class Line>
  Result<void> lines(Line line) {
    if (const auto heading = parser_.expect_end_of_line(); !heading) return heading;
    while (!at_statement()) {
      if (const auto done = line(); !done) return done;
      if (const auto end = parser_.expect_end_of_line(); !end) return end;
    }
    return {};
  }

  Result<void> contract_name() {
    auto name = parser_.expect_name("the contract's name");
    if (!name) return std::unexpected(name.error());
    contract_.name = *name;
    return parser_.expect_end_of_line();
  }

  Result<void> ghosts() {
    std::vector<std::string> names;
    do {
      auto name = new_name();
      if (!name) return std::unexpected(name.error());
      names.push_back(*name);
    } while (parser_.accept(","));
    if (const auto colon = parser_.expect(":"); !colon) return colon;
    Ghost ghost{{}, Ghost::Sort::word, 1};
    if (parser_.accept("u32")) {
      ghost.sort = Ghost::Sort::u32;
    } else if (parser_.accept("truth")) {
      ghost.sort = Ghost::Sort::truth;
    } else if (const auto word = parser_.expect("word"); !word) {
      return word;
    }
    if (parser_.accept("aligned")) {
      ghost.alignment = parser_.next().value;
      if (ghost.alignment == 0 || (ghost.alignment & (ghost.alignment - 1)) != 0) {
        return parser_.error_here("an alignment is a power of two");
      }
    }
    for (const std::string& name : names) {
      ghost.name = name;
      contract_.ghosts.push_back(ghost);
    }
    return parser_.expect_end_of_line();
  }

  Result<std::string> new_name() {
    const Position position = parser_.peek().position;
    auto name = parser_.expect_name("a new name");
    if (name && (is_register_name(*name) || is_mode_name(*name) || is_declared(*name))) {
      return parser_.error(position, fmt::format("'{}' is taken", *name));
    }
    return name;
  }

  bool is_declared(std::string_view name) const {
    return std::ranges::find(contract_.ghosts, name, &Ghost::name) != contract_.ghosts.end() ||
           std::ranges::find(contract_.definitions, name, &Definition::name) !=
               contract_.definitions.end();
  }

  Result<void> definition() {
    auto name = new_name();
    if (!name) return std::unexpected(name.error());
    if (const auto equals = parser_.expect("="); !equals) return equals;
    auto expression = any_expression();
    if (!expression) return std::unexpected(expression.error());
    contract_.definitions.push_back({*name, std::move(*expression)});
    return parser_.expect_end_of_line();
  }

  // Definitions are of either sort; a parenthesised truth value and a word read the same way.
  Result<Expression> any_expression() {
    Parser attempt = parser_;
    if (auto word = attempt.word()) {
      parser_ = attempt;
      return word;
    }
    return parser_.truth();
  }

  Result<void> truth_into(std::vector<Expression>& list) {
    auto formula = parser_.truth();
    if (!formula) return std::unexpected(formula.error());
    list.push_back(std::move(*formula));
    return parser_.expect_end_of_line();
  }

  Result<void> region() {
    const Position position = parser_.peek().position;
    auto name = parser_.expect_name("the region's name");
    if (!name) return std::unexpected(name.error());
    if (const auto equals = parser_.expect("="); !equals) return equals;
    auto range = parser_.range();
    if (!range) return std::unexpected(range.error());
    const bool read_only = parser_.accept("read_only");
    contract_.regions.push_back(
        {*name, position, std::move(range->low), std::move(range->high), read_only});
    return parser_.expect_end_of_line();
  }

  Result<void> alias() {
    const Position position = parser_.peek().position;
    auto name = parser_.expect_name("the ghost that is not free");
    if (!name) return std::unexpected(name.error());
    const auto ghost = std::ranges::find(contract_.ghosts, *name, &Ghost::name);
    if (ghost == contract_.ghosts.end() || ghost->sort == Ghost::Sort::truth) {
      return parser_.error(position, fmt::format("'{}' is not a ghost that is a word", *name));
    }
    if (const auto equals = parser_.expect("="); !equals) return equals;
    do {
      const std::size_t start = parser_.peek().offset;
      auto expression = parser_.word();
      if (!expression) return std::unexpected(expression.error());
      contract_.aliases.push_back(
          {*name, std::move(*expression), fmt::format("{} = {}", *name, text_since(start))});
    } while (parser_.accept(","));
    return parser_.expect_end_of_line();
  }

  Result<void> run() {
    Run run;
    auto name = parser_.expect_name("the run's name");
    if (!name) return std::unexpected(name.error());
    run.name = *name;
    if (std::ranges::find(contract_.runs, *name, &Run::name) != contract_.runs.end()) {
      return parser_.error_here(fmt::format("there are two runs '{}'", *name));
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
      auto callee = parser_.expect_name("the function whose call the run begins behind");
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
      if (!is_register_name(*register_name) || *register_name == "al" || *register_name == "rip") {
        return parser_.error(position, fmt::format("'{}' is not a register", *register_name));
      }
      if (const auto equals = parser_.expect("=="); !equals) return equals;
      auto value = parser_.word();
      if (!value) return std::unexpected(value.error());
      current.registers.push_back({*register_name, std::move(*value)});
      return {};
    });
  }

  Result<void> havoc(Run& run) {
    if (run.havoc) return parser_.error_here("there is one havoc in a run");
    if (contract_.runs.size() == 1) {
      return parser_.error_here("nothing is known before the first run: there is no havoc");
    }
    run.havoc.emplace();
    return parser_.accept("keeps") ? ranges_into(*run.havoc) : Result<void>();
  }

  Result<void> ranges_into(std::vector<Range>& ranges) {
    do {
      auto range = parser_.range();
      if (!range) return std::unexpected(range.error());
      ranges.push_back(std::move(*range));
    } while (parser_.accept(","));
    return {};
  }

  Result<void> call() {
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

  Result<void> model_store() {
    ModelStore store;
    auto target = parser_.word();
    if (!target) return std::unexpected(target.error());
    if (target->kind != ExpressionKind::memory) {
      return parser_.error(target->position, "the model stores to memory: [address] := value");
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

  Result<void> condition_into(std::optional<Expression>& condition) {
    if (parser_.accept("when")) {
      auto formula = parser_.truth();
      if (!formula) return std::unexpected(formula.error());
      condition = std::move(*formula);
    }
    return {};
  }

  // `ID label:`, where a register would have `==` behind it.
  bool at_clause() const {
    const std::string& text = parser_.peek().text;
    return is_spec_id(text) &&
           (!is_register_name(text) || parser_.peek(1).kind == Token::Kind::name);
  }

  Result<std::string> spec_id() {
    if (!is_spec_id(parser_.peek().text)) {
      return parser_.error_here(
          "a clause begins with the id of its rule, letters and a number such as T4 or ABI3");
    }
    return parser_.next().text;
  }

  Result<void> clause_into(std::vector<Clause>& clauses) {
    Clause clause;
    auto id = spec_id();
    if (!id) return std::unexpected(id.error());
    clause.spec_id = *id;
    auto label = parser_.expect_name("the clause's label");
    if (!label) return std::unexpected(label.error());
    clause.label = *label;
    if (!clause_names_.insert(clause.spec_id + "." + clause.label).second) {
      return parser_.error_here(fmt::format("there are two clauses '{} {}'", *id, *label));
    }
    if (const auto colon = parser_.expect(":"); !colon) return colon;
    const std::size_t start = parser_.peek().offset;
    auto formula = parser_.truth();
    if (!formula) return std::unexpected(formula.error());
    clause.formula = std::move(*formula);
    clause.text = text_since(start);
    clauses.push_back(std::move(clause));
    return {};
  }

  // `ID name, …`: for each name the clause `ID preserves_name: name == old name` of the exit.
  Result<void> preserved() {
    auto id = spec_id();
    if (!id) return std::unexpected(id.error());
    do {
      const Position position = parser_.peek().position;
      auto name = parser_.expect_name("what is preserved");
      if (!name) return std::unexpected(name.error());
      if (*name == "rip" || (!is_register_name(*name) && !is_mode_name(*name))) {
        return parser_.error(position, fmt::format("'{}' is not a register or a mode", *name));
      }
      const std::string label = "preserves_" + *name;
      if (!clause_names_.insert(*id + "." + label).second) {
        return parser_.error(position, fmt::format("there are two clauses '{} {}'", *id, label));
      }
      const Expression now{ExpressionKind::register_, position, false, 0, *name, {}, {}};
      const Expression before{ExpressionKind::old, position, false, 0, {}, {}, {now}};
      contract_.exits.push_back({*id,
                                 label,
                                 {ExpressionKind::equal, position, true, 0, {}, {}, {now, before}},
                                 fmt::format("{} == old {}", *name, *name)});
    } while (parser_.accept(","));
    return {};
  }

  Result<void> write_declaration() {
    WriteDeclaration write;
    auto id = spec_id();
    if (!id) return std::unexpected(id.error());
    write.spec_id = *id;
    auto range = parser_.range();
    if (!range) return std::unexpected(range.error());
    write.range = std::move(*range);
    if (const auto when = condition_into(write.condition); !when) return when;
    contract_.modifies.push_back(std::move(write));
    return {};
  }

  Result<void> program() {
    return lines([this]() -> Result<void> {
      if (parser_.peek().kind != Token::Kind::template_line) {
        return parser_.error_here("a line of the Program begins with '|'");
      }
      std::string line = parser_.next().text;
      contract_.program += (line.starts_with(' ') ? line.substr(1) : line) + "\n";
      return {};
    });
  }

  // What was read from `start` to here, as one line without comments.
  std::string text_since(std::size_t start) const {
    std::istringstream stream(std::string(text_.substr(start, parser_.peek().offset - start)));
    std::string text;
    for (std::string line; std::getline(stream, line);) {
      std::istringstream words(line.substr(0, line.find('#')));
      for (std::string part; words >> part;) {
        text += (text.empty() ? "" : " ") + part;
      }
    }
    return text;
  }

  std::string_view text_;
  Contract& contract_;
  Parser parser_;
  std::set<std::string> clause_names_;
};

}  // namespace

std::string message(const ContractError& error) {
  return fmt::format("fiberproof: {}:{}:{}: {}", error.path, error.position.line,
                     error.position.column, error.reason);
}

std::expected<Contract, ContractError> parse_contract(std::string_view text, std::string path) {
  Contract contract;
  contract.path = std::move(path);
  const auto plain = plain_text(text);
  if (!plain) {
    const TextFault& fault = plain.error();
    return std::unexpected(ContractError{contract.path, {fault.line, fault.column}, fault.reason});
  }
  text = *plain;
  auto tokens = tokenize(text, contract.path);
  if (!tokens) return std::unexpected(tokens.error());
  ContractReader reader(text, std::move(*tokens), contract);
  if (const auto done = reader.read(); !done) return std::unexpected(done.error());
  return contract;
}

std::expected<Contract, ContractError> read_contract(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return std::unexpected(ContractError{path.string(), {}, "cannot be read"});
  }
  return parse_contract(text.str(), path.string());
}

}  // namespace fiberproof::verify
