// Parses the statements of a contract's text; parser.hpp reads the expressions in them.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/parser.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fiberproof::verify {

class ContractReader {
 public:
  template <class T>
  using Result = Parser::Result<T>;

  ContractReader(std::string_view text, std::vector<Token> tokens, Contract& contract)
      : text_(text), contract_(contract), parser_(std::move(tokens), contract) {}

  Result<void> read();

 private:
  bool at_statement() const;
  Result<void> statement();

  // A heading, then lines of one kind up to the next statement.
  template <class Line>
  Result<void> lines(Line line) {
    if (const auto heading = parser_.expect_end_of_line(); !heading) return heading;
    while (!at_statement()) {
      if (const auto done = line(); !done) return done;
      if (const auto end = parser_.expect_end_of_line(); !end) return end;
    }
    return {};
  }

  Result<void> contract_name();
  Result<void> owner();
  Result<void> ghosts();
  Result<std::string> new_name();
  bool is_declared(std::string_view name) const;
  Result<void> definition();

  /// A definition may be a word or a truth value; in parentheses both look the same.
  Result<Expression> any_expression();
  Result<void> truth_into(std::vector<Expression>& list);
  Result<void> region();
  /// `SYMBOL bytes NUMBER`: a variable of the file, whose address the region's name becomes.
  Result<void> variable(RegionDeclaration& region);
  Result<void> slot();
  Result<void> alias();
  Result<void> run();
  Result<void> havoc(Run& run);
  Result<void> ranges_into(std::vector<Range>& ranges);
  Result<void> call();
  Result<void> model_store();
  Result<void> condition_into(std::optional<Expression>& condition);

  /// `ID label:`; after a register, `==` would follow.
  bool at_clause() const;
  Result<std::string> spec_id();
  Result<void> clause_into(std::vector<Clause>& clauses);
  /// Notes the name of a clause, which no other may have.
  Result<void> clause_name(const std::string& id, const std::string& label);

  /// `ID name, …`: adds for each name the clause `ID preserves_name: name == old name` to the exit.
  Result<void> preserved();
  Result<void> write_declaration();
  /// `ID PART, … at POINT, … when formula | reason`.
  Result<void> unclaimed_declaration();
  Result<void> unclaimed_part(UnclaimedDeclaration& unclaimed);
  Result<void> unclaimed_point(UnclaimedDeclaration& unclaimed);
  /// `ID label: register, …`.
  Result<void> live_declaration();
  Result<void> program();

  /// The text from `start` to here, as one line without comments.
  std::string text_since(std::size_t start) const;

  std::string_view text_;
  Contract& contract_;
  Parser parser_;
  std::set<std::string> clause_names_;
};

}  // namespace fiberproof::verify
