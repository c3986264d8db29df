// Statements about a contract as a whole: names, ghosts, regions, clauses, its Program.
#include "verify/obligation/contract_reader.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <sstream>

namespace fiberproof::verify {
namespace {

constexpr std::size_t id_letters_max = 16;

constexpr std::array<std::string_view, 18> statement_names = {
    "contract", "ghost",          "let",   "assume",    "region",  "alias",
    "run",      "call",           "model", "preserves", "exit",    "modifies",
    "prefer",   "counterexample", "slot",  "live",      "foreign", "unclaimed"};

// A rule's id: letters and a number, such as T4 (verify/SPEC.md) or one of the contract's own. Some
// registers look the same.
bool is_spec_id(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t letters =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_letter) - text.begin());
  return letters > 0 && letters < text.size() && text.size() <= id_letters_max &&
         std::ranges::all_of(text.substr(letters), is_digit);
}

}  // namespace

ContractReader::Result<void> ContractReader::read() {
  if (!parser_.at("contract")) return parser_.error_here("begin the contract with 'contract NAME'");
  while (parser_.peek().kind != Token::Kind::end_of_text) {
    if (const auto done = statement(); !done) return done;
  }
  return {};
}

bool ContractReader::at_statement() const {
  return parser_.peek().kind == Token::Kind::end_of_text ||
         std::ranges::any_of(statement_names, [this](auto name) { return parser_.at(name); });
}

ContractReader::Result<void> ContractReader::statement() {
  if (parser_.accept("contract")) return contract_name();
  if (parser_.accept("foreign")) return owner();
  if (parser_.accept("ghost")) return ghosts();
  if (parser_.accept("let")) return definition();
  if (parser_.accept("assume")) return truth_into(contract_.assumptions);
  if (parser_.accept("prefer")) return truth_into(contract_.preferences);
  if (parser_.accept("region")) return region();
  if (parser_.accept("slot")) return slot();
  if (parser_.accept("alias")) return alias();
  if (parser_.accept("run")) return run();
  if (parser_.accept("call")) return call();
  if (parser_.accept("model")) return lines([this] { return model_store(); });
  if (parser_.accept("exit")) return lines([this] { return clause_into(contract_.exits); });
  if (parser_.accept("preserves")) return lines([this] { return preserved(); });
  if (parser_.accept("modifies")) return lines([this] { return write_declaration(); });
  if (parser_.accept("unclaimed")) return lines([this] { return unclaimed_declaration(); });
  if (parser_.accept("live")) return lines([this] { return live_declaration(); });
  if (parser_.accept("counterexample")) return program();
  return parser_.error_here(fmt::format(
      "'{}' does not begin a statement: see verify/contracts/README.md", parser_.peek().text));
}

ContractReader::Result<void> ContractReader::contract_name() {
  auto name = parser_.expect_name("the contract's name");
  if (!name) return std::unexpected(name.error());
  contract_.name = *name;
  return parser_.expect_end_of_line();
}

ContractReader::Result<void> ContractReader::owner() {
  contract_.owner = parser_.accept("cranelift") ? CodeOwner::cranelift : CodeOwner::others;
  return parser_.expect_end_of_line();
}

ContractReader::Result<void> ContractReader::ghosts() {
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
      return parser_.error_here("give an alignment that is a power of two");
    }
  }
  for (const std::string& name : names) {
    ghost.name = name;
    contract_.ghosts.push_back(ghost);
  }
  return parser_.expect_end_of_line();
}

ContractReader::Result<std::string> ContractReader::new_name() {
  const Position position = parser_.peek().position;
  auto name = parser_.expect_name("a new name");
  if (name && (is_register_name(*name) || is_mode_name(*name) || is_declared(*name))) {
    return parser_.error(position, fmt::format("'{}' is in use: choose another name", *name));
  }
  return name;
}

bool ContractReader::is_declared(std::string_view name) const {
  return std::ranges::find(contract_.ghosts, name, &Ghost::name) != contract_.ghosts.end() ||
         std::ranges::find(contract_.definitions, name, &Definition::name) !=
             contract_.definitions.end();
}

ContractReader::Result<void> ContractReader::definition() {
  auto name = new_name();
  if (!name) return std::unexpected(name.error());
  if (const auto equals = parser_.expect("="); !equals) return equals;
  auto expression = any_expression();
  if (!expression) return std::unexpected(expression.error());
  contract_.definitions.push_back({*name, std::move(*expression)});
  return parser_.expect_end_of_line();
}

ContractReader::Result<Expression> ContractReader::any_expression() {
  Parser attempt = parser_;
  if (auto word = attempt.word()) {
    parser_ = attempt;
    return word;
  }
  return parser_.truth();
}

ContractReader::Result<void> ContractReader::truth_into(std::vector<Expression>& list) {
  auto formula = parser_.truth();
  if (!formula) return std::unexpected(formula.error());
  list.push_back(std::move(*formula));
  return parser_.expect_end_of_line();
}

ContractReader::Result<void> ContractReader::region() {
  const Position position = parser_.peek().position;
  auto name = parser_.expect_name("the region's name");
  if (!name) return std::unexpected(name.error());
  if (const auto equals = parser_.expect("="); !equals) return equals;
  RegionDeclaration region;
  region.name = *name;
  region.position = position;
  if (parser_.accept("global")) {
    if (const auto done = variable(region); !done) return done;
  } else {
    const std::size_t start = parser_.peek().offset;
    auto range = parser_.range();
    if (!range) return std::unexpected(range.error());
    region.low = std::move(range->low);
    region.high = std::move(range->high);
    region.text = text_since(start);
  }
  region.read_only = parser_.accept("read_only");
  contract_.regions.push_back(std::move(region));
  return parser_.expect_end_of_line();
}

ContractReader::Result<void> ContractReader::variable(RegionDeclaration& region) {
  const Position& at = region.position;
  if (is_register_name(region.name) || is_mode_name(region.name) || is_declared(region.name)) {
    return parser_.error(at, fmt::format("'{}' is in use: choose another name", region.name));
  }
  auto symbol = parser_.expect_name("the symbol of a variable");
  if (!symbol) return std::unexpected(symbol.error());
  region.symbol = std::move(*symbol);
  if (const auto bytes = parser_.expect("bytes"); !bytes) return bytes;
  if (parser_.peek().kind != Token::Kind::number || parser_.peek().value == 0) {
    return parser_.error_here("expected the number of its bytes");
  }
  region.bytes = parser_.next().value;
  contract_.ghosts.push_back({region.name, Ghost::Sort::address, 1});
  region.text = fmt::format("[{0}, {0} + {1})", region.name, region.bytes);
  region.low = {ExpressionKind::ghost, at, false, 0, region.name, {}, {}};
  const Expression size{ExpressionKind::number, at, false, region.bytes, {}, {}, {}};
  region.high = {ExpressionKind::add, at, false, 0, {}, {}, {region.low, size}};
  return {};
}

ContractReader::Result<void> ContractReader::slot() {
  auto name = parser_.expect_name("the slot's name");
  if (!name) return std::unexpected(name.error());
  while (parser_.accept(".")) {
    const auto part = parser_.expect_name("the rest of the slot's name after the dot");
    if (!part) return std::unexpected(part.error());
    *name += "." + *part;
  }
  if (const auto equals = parser_.expect("="); !equals) return equals;
  auto address = parser_.word();
  if (!address) return std::unexpected(address.error());
  contract_.slots.push_back({std::move(*name), std::move(*address)});
  return parser_.expect_end_of_line();
}

ContractReader::Result<void> ContractReader::alias() {
  const Position position = parser_.peek().position;
  auto name = parser_.expect_name("the ghost that the alias fixes");
  if (!name) return std::unexpected(name.error());
  const auto ghost = std::ranges::find(contract_.ghosts, *name, &Ghost::name);
  const bool is_free = ghost != contract_.ghosts.end() &&
                       (ghost->sort == Ghost::Sort::word || ghost->sort == Ghost::Sort::u32);
  if (!is_free) {
    return parser_.error(position, fmt::format("'{}' is not a ghost of sort word or u32", *name));
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

bool ContractReader::at_clause() const {
  const std::string& text = parser_.peek().text;
  return is_spec_id(text) && (!is_register_name(text) || parser_.peek(1).kind == Token::Kind::name);
}

ContractReader::Result<std::string> ContractReader::spec_id() {
  if (!is_spec_id(parser_.peek().text)) {
    return parser_.error_here(
        "begin the clause with the id of its rule, letters and a number such as T4 or ABI3");
  }
  return parser_.next().text;
}

ContractReader::Result<void> ContractReader::clause_name(const std::string& id,
                                                         const std::string& label) {
  if (clause_names_.insert(id + "." + label).second) return {};
  return parser_.error_here(fmt::format("there are two clauses '{} {}': rename one", id, label));
}

ContractReader::Result<void> ContractReader::clause_into(std::vector<Clause>& clauses) {
  Clause clause;
  auto id = spec_id();
  if (!id) return std::unexpected(id.error());
  clause.spec_id = *id;
  auto label = parser_.expect_name("the clause's label");
  if (!label) return std::unexpected(label.error());
  clause.label = *label;
  if (const auto named = clause_name(clause.spec_id, clause.label); !named) return named;
  if (const auto colon = parser_.expect(":"); !colon) return colon;
  const std::size_t start = parser_.peek().offset;
  auto formula = parser_.truth();
  if (!formula) return std::unexpected(formula.error());
  clause.formula = std::move(*formula);
  clause.text = text_since(start);
  clauses.push_back(std::move(clause));
  return {};
}

ContractReader::Result<void> ContractReader::preserved() {
  auto id = spec_id();
  if (!id) return std::unexpected(id.error());
  do {
    const Position position = parser_.peek().position;
    auto name = parser_.expect_name("a register or a mode to preserve");
    if (!name) return std::unexpected(name.error());
    if (*name == "rip" || (!is_register_name(*name) && !is_mode_name(*name))) {
      return parser_.error(position, fmt::format("'{}' is not a register or a mode", *name));
    }
    const std::string label = "preserves_" + *name;
    if (!clause_names_.insert(*id + "." + label).second) {
      return parser_.error(position,
                           fmt::format("there are two clauses '{} {}': rename one", *id, label));
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

ContractReader::Result<void> ContractReader::program() {
  return lines([this]() -> Result<void> {
    if (parser_.peek().kind != Token::Kind::template_line) {
      return parser_.error_here("begin each line of the Program with '|'");
    }
    const Token line = parser_.next();
    contract_.program += line.text.substr(line.text.starts_with(" ") ? 1 : 0) + "\n";
    return {};
  });
}

std::string ContractReader::text_since(std::size_t start) const {
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

}  // namespace fiberproof::verify
