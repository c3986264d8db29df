// The types of a run: the list of values that each handle takes, the continuations that have the
// same results, the handles that have the same type.
//
// A *life* of a continuation is from where it is made or suspended to where it runs on: one list of
// values is collected in it, by binds and by what makes it run. Each use of its handle consumes
// a *node*: a type [what is left of the list] -> [results]. Nodes may refer to nodes, also in
// circles, since a switch hands over a handle.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/wasm/trace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fiberproof::fuzz::wasm {

inline constexpr std::uint32_t none = ~std::uint32_t{0};

/// The most values of a list that are translated; what is beyond is left out. Handles come on top.
inline constexpr std::uint32_t list_max = 992;

struct Element {
  ValueType type = ValueType::i64;
  std::uint32_t node = none;  ///< of a handle
  bool is_handle() const { return node != none; }
  friend bool operator==(const Element&, const Element&) = default;
};

struct Node {
  std::vector<Element> params = {};
  std::uint32_t results = 0;  ///< a class of results
};

struct Life {
  StackIndex stack;
  std::uint32_t origin;                   ///< the event that made or suspended it
  std::uint32_t arrival = none;           ///< the event that makes it run, if values arrive then
  std::uint32_t first_node = 0;           ///< of its first handle; those after binds follow
  std::vector<std::uint32_t> bound = {};  ///< how many values each bind brings
  std::vector<Element> list = {};         ///< of all values
};

class Plan {
 public:
  Plan(const Program& program, const Trace& trace);

  const Life& life(std::uint32_t index) const { return lives_[index]; }
  /// The life that the event begins for the stack that it makes or suspends.
  const Life& begun_by(std::uint32_t event) const { return lives_[life_begun_[event]]; }

  const std::vector<Node>& nodes() const { return nodes_; }
  std::uint32_t node_of(const HandleId& handle) const;
  /// Nodes with the same number are of the same type.
  std::uint32_t type_of(std::uint32_t node) const { return type_of_node_[node]; }
  std::uint32_t types() const { return types_; }

  std::uint32_t results_of(StackIndex stack) const { return class_of_[stack]; }
  const std::vector<Element>& results(std::uint32_t results) const { return results_[results]; }

  /// The handle that a resume or suspend hands over beside its values, if it does.
  const HandleId* passed_by(std::uint32_t event) const;
  /// The payload of a suspend: its values, and a handle if it passes one.
  std::vector<Element> payload_of(std::uint32_t event) const;

  /// Suspensions with the tag, one for each step that makes them: for clauses.
  const std::vector<std::uint32_t>& suspensions(std::uint8_t tag) const {
    return suspensions_[tag];
  }
  /// The node of a continuation that is suspended as by `event` and has these results.
  std::uint32_t suspended_node(std::uint32_t event, std::uint32_t results) const;

 private:
  ValueType type_at(std::size_t index) const;
  void pass_handles();
  void begin_lives();
  void join_results();
  void fill_lists();
  void add_clause_nodes();
  void sort_into_types();
  std::vector<Element> values(std::size_t count, std::size_t shift) const;
  std::vector<Element> arriving_list(const Life& life, std::size_t shift) const;
  std::size_t shift_of(const Life& life) const;
  StackIndex root(StackIndex stack);

  const Program& program_;
  const Trace& trace_;
  std::vector<Life> lives_;
  std::vector<std::uint32_t> life_begun_;            ///< by event
  std::vector<std::vector<std::uint32_t>> handles_;  ///< by stack and use: a node
  std::vector<Node> nodes_;
  std::vector<StackIndex> joined_;
  std::vector<std::uint32_t> class_of_;
  std::vector<std::vector<Element>> results_;
  std::vector<std::optional<HandleId>> passed_;  ///< by event
  std::vector<std::vector<std::uint32_t>> suspensions_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> clause_nodes_;
  std::vector<std::uint32_t> type_of_node_;
  std::uint32_t types_ = 0;
};

}  // namespace fiberproof::fuzz::wasm
