#include "verify/obligation/setup.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

std::string at(const Contract& contract, const Position& position, const std::string& reason) {
  return fmt::format("fiberproof: {}:{}:{}: {}", contract.path, position.line, position.column,
                     reason);
}

class SetUp {
 public:
  SetUp(const Contract& contract, const Alias* alias, Solver& solver,
        const std::optional<SwitchOperands>& operands, const VariableAddresses& variables)
      : contract_(contract),
        alias_(alias),
        solver_(solver),
        variables_(variables),
        made_(std::make_unique<Case>()) {
    made_->operands = operands;
  }

  Result<std::unique_ptr<Case>> run() {
    made_->names.contract = &contract_;
    make_machine();
    for (const Ghost& ghost : contract_.ghosts) {
      if (const auto done = add_ghost(ghost); !done) return std::unexpected(done.error());
    }
    for (const RegionDeclaration& region : contract_.regions) {
      if (const auto done = add_region(region); !done) return std::unexpected(done.error());
    }
    made_->entry->path = constraints_;  // keeps the names of memory that the bounds read
    if (!contract_.runs.empty()) {
      const auto done = assign_registers(contract_.runs.front(), *made_, *made_->entry, "entry");
      if (!done) return std::unexpected(done.error());
    }
    for (const Expression& assumption : contract_.assumptions) {
      if (const auto done = assume(assumption); !done) return std::unexpected(done.error());
    }
    return std::move(made_);
  }

 private:
  void make_machine() {
    made_->entry = std::make_unique<SymbolicCpu>(
        &made_->regions, Memory(&made_->regions, &solver_, "entry"), "entry");
  }

  Result<Term> evaluate_word(const Expression& expression) {
    Scope scope = made_->entry_scope();
    auto value = word_value(expression, scope);
    if (!value) return std::unexpected(at(contract_, expression.position, value.error()));
    return value;
  }

  Result<void> add_ghost(const Ghost& ghost) {
    if (ghost.sort == Ghost::Sort::truth) {
      made_->names.truths.emplace(ghost.name, truth_variable(ghost.name));
      return {};
    }
    Term value = variable(ghost.name);
    if (alias_ != nullptr && alias_->name == ghost.name) {
      const auto expression = evaluate_word(alias_->expression);
      if (!expression) return std::unexpected(expression.error());
      value = *expression;
      made_->description = alias_->text;
    } else if (ghost.sort == Ghost::Sort::u32) {
      value = value & word(0xffff'ffff);
    }
    if (const auto known = variables_.find(ghost.name); known != variables_.end()) {
      constraints_.push_back(equal(value, word(known->second)));
    }
    if (ghost.alignment > 1) {
      constraints_.push_back(equal(value & word(ghost.alignment - 1), word(0)));
    }
    made_->names.words.emplace(ghost.name, value);
    return {};
  }

  Result<void> add_region(const RegionDeclaration& declared) {
    const auto low = evaluate_word(declared.low);
    if (!low) return std::unexpected(low.error());
    const auto high = evaluate_word(declared.high);
    if (!high) return std::unexpected(high.error());
    const Node* base = common_base(linear_form(*low), linear_form(*high));
    if (base == nullptr) {
      return std::unexpected(at(contract_, declared.position,
                                "give the region bounds with exactly one ghost in common"));
    }
    const Region region{declared.name, Term(base), collected(*low - Term(base)),
                        collected(*high - *low), declared.read_only};
    if (const auto size = region.size.as_constant(); size && (*size == 0 || *size >> 63 != 0)) {
      return std::unexpected(
          at(contract_, declared.position, "the region is empty, or its bounds are swapped"));
    }
    const auto same_base = std::ranges::find_if(
        made_->regions, [base](const Region& other) { return same(other.base, Term(base)); });
    if (same_base == made_->regions.end()) {
      made_->regions.push_back(region);
      return {};
    }
    return merge(*same_base, region, declared.position);
  }

  static const Node* common_base(const LinearForm& low, const LinearForm& high) {
    const Node* base = nullptr;
    for (const auto& [id, entry] : low.atoms) {
      const auto match = high.atoms.find(id);
      const bool is_common = entry.second == 1 && match != high.atoms.end() &&
                             match->second.second == 1 && entry.first->kind == NodeKind::variable;
      if (is_common && base != nullptr) return nullptr;
      if (is_common) base = entry.first;
    }
    return base;
  }

  // Merges aliased regions into one: the bytes from the lower low end to the higher high end.
  Result<void> merge(Region& region, const Region& other, const Position& position) {
    const auto shift = constant_difference(other.low, region.low);
    const auto size = region.size.as_constant();
    const auto other_size = other.size.as_constant();
    if (!shift || !size || !other_size) {
      return std::unexpected(at(contract_, position, "two regions overlap by an unknown distance"));
    }
    const auto distance = static_cast<std::int64_t>(*shift);
    if (distance > static_cast<std::int64_t>(*size) ||
        -distance > static_cast<std::int64_t>(*other_size)) {
      return std::unexpected(at(contract_, position, "aliased regions leave a gap between them"));
    }
    const std::int64_t low = std::min<std::int64_t>(0, distance);
    const std::int64_t high = std::max(static_cast<std::int64_t>(*size),
                                       distance + static_cast<std::int64_t>(*other_size));
    region.name += "+" + other.name;
    region.read_only = region.read_only || other.read_only;
    region.low = collected(region.low + word(static_cast<std::uint64_t>(low)));
    region.size = word(static_cast<std::uint64_t>(high - low));
    return {};
  }

  // `[address] == value` names the contents of memory, any other assumption is a constraint.
  Result<void> assume(const Expression& assumption) {
    if (assumption.kind == ExpressionKind::equal &&
        assumption.operands[0].kind == ExpressionKind::memory) {
      const auto address = evaluate_word(assumption.operands[0].operands[0]);
      if (!address) return std::unexpected(address.error());
      const auto value = evaluate_word(assumption.operands[1]);
      if (!value) return std::unexpected(value.error());
      const auto location = locate(made_->regions, *address);
      if (!location) return std::unexpected(at(contract_, assumption.position, location.error()));
      made_->entry->memory().define_initial(*location, *value,
                                            static_cast<unsigned>(assumption.operands[0].value));
      return {};
    }
    Scope scope = made_->entry_scope();
    const auto formula = truth_value(assumption, scope);
    if (!formula) return std::unexpected(at(contract_, assumption.position, formula.error()));
    made_->entry->path.push_back(*formula);
    return {};
  }

  const Contract& contract_;
  const Alias* alias_;
  Solver& solver_;
  const VariableAddresses& variables_;
  std::unique_ptr<Case> made_;
  std::vector<Formula> constraints_;
};

// The register that an assignment means: by its name, or as an operand of the switch.
SwitchOperand assigned_operand(std::string_view register_name, const Case& in) {
  if (register_name == "load_operand" && in.operands) return in.operands->load;
  if (register_name == "store_operand" && in.operands) return in.operands->store;
  SwitchOperand named;
  for (std::size_t index = 0; index < register_count; ++index) {
    const auto candidate = static_cast<Register>(index);
    if (name(candidate) == register_name) named.base = candidate;
  }
  return named;
}

}  // namespace

std::expected<std::unique_ptr<Case>, std::string> set_up(
    const Contract& contract, const Alias* alias, Solver& solver,
    const std::optional<SwitchOperands>& operands, const VariableAddresses& variables) {
  return SetUp(contract, alias, solver, operands, variables).run();
}

std::expected<void, std::string> assign_registers(const Run& run, Case& in, SymbolicCpu& cpu,
                                                  const std::string& epoch) {
  SymbolicCpu fresh(&in.regions, cpu.memory(), epoch);
  fresh.path = cpu.path;
  fresh.accesses = cpu.accesses;
  fresh.trace = cpu.trace;
  fresh.after_calls = cpu.after_calls;
  fresh.own_memory = cpu.own_memory;
  Scope scope = in.entry_scope();
  std::map<Register, Term> assigned;
  for (const auto& [register_name, expression] : run.registers) {
    const auto value = word_value(expression, scope);
    if (!value) {
      return std::unexpected(at(*in.names.contract, expression.position, value.error()));
    }
    if (register_name == "fs_base") {
      fresh.set_fs_base(collected(*value));
      continue;
    }
    const SwitchOperand target = assigned_operand(register_name, in);
    const Term held = collected(*value - word(target.offset));
    const auto [entry, is_first] = assigned.emplace(target.base, held);
    if (is_first) {
      fresh.write(target.base, held);
    } else {  // an operand of the switch is in a register that the contract gives a value
      fresh.path.push_back(equal(entry->second, held));
    }
  }
  cpu = std::move(fresh);
  return {};
}

}  // namespace fiberproof::verify
