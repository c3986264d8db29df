#include "verify/unwind/unwound_frame.hpp"

#include <dwarf.h>
#include <fmt/format.h>

#include <array>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

Result<Register> machine_register(std::uint64_t number) {
  using enum Register;
  constexpr std::array<Register, register_count> by_number{rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp,
                                                           r8,  r9,  r10, r11, r12, r13, r14, r15};
  if (number < by_number.size()) return by_number[number];
  return std::unexpected(fmt::format("register {} is not a general-purpose register", number));
}

bool is_in(std::uint8_t code, unsigned first, unsigned last) {
  return code >= first && code <= last;
}

class Evaluation {
 public:
  Evaluation(const FrameRules& rules, const SymbolicCpu& cpu) : rules_(rules), cpu_(cpu) {
    cpu_.accesses.clear();
  }

  Result<UnwoundFrame> run() {
    const auto cfa = value_of(rules_.cfa);
    if (!cfa) return std::unexpected(cfa.error());
    cfa_ = *cfa;
    UnwoundFrame frame;
    const auto recover = [this](std::uint64_t number, std::optional<Term>& into) -> Result<void> {
      const auto value = recovered(number);
      if (!value) return std::unexpected(value.error());
      into = *value;
      return {};
    };
    Result<void> done = recover(static_cast<std::uint64_t>(DwarfRegister::rsp), frame.rsp);
    if (done) done = recover(static_cast<std::uint64_t>(DwarfRegister::rbp), frame.rbp);
    if (done) done = recover(rules_.return_address, frame.rip);
    if (!done) return std::unexpected(done.error());
    frame.reads = cpu_.accesses;
    frame.fault = cpu_.fault;
    frame.fault_is_outside = cpu_.fault_is_outside;
    return frame;
  }

 private:
  Result<std::optional<Term>> recovered(std::uint64_t number) {
    using Kind = RegisterRule::Kind;
    const RegisterRule& rule = rules_.registers[number];
    switch (rule.kind) {
      case Kind::undefined: return std::nullopt;
      case Kind::same_value:
        if (number == static_cast<std::uint64_t>(DwarfRegister::return_address))
          return std::nullopt;
        return read(number);
      case Kind::in_register: {
        const DwarfOperation& only = rule.expression.front();
        return read(only.code == DW_OP_regx ? only.operand
                                            : static_cast<std::uint64_t>(only.code) - DW_OP_reg0);
      }
      case Kind::in_memory: {
        const auto address = value_of(rule.expression);
        if (!address) return std::unexpected(address.error());
        return cpu_.load(*address, 8);
      }
      case Kind::is_value: return value_of(rule.expression);
    }
    return std::nullopt;
  }

  Result<Term> read(std::uint64_t number) {
    const auto reg = machine_register(number);
    if (!reg) return std::unexpected(reg.error());
    return cpu_.read(*reg);
  }

  Result<Term> value_of(const DwarfExpression& expression) {
    stack_.clear();
    for (const DwarfOperation& operation : expression) {
      if (const auto done = apply(operation); !done) {
        return std::unexpected(fmt::format("{} in \"{}\"", done.error(), text(expression)));
      }
    }
    if (stack_.empty()) return std::unexpected("the expression leaves no value");
    return stack_.back();
  }

  Result<void> apply(const DwarfOperation& operation) {
    const std::uint8_t code = operation.code;
    if (is_in(code, DW_OP_lit0, DW_OP_lit31)) return push(word(std::uint64_t{code} - DW_OP_lit0));
    if (is_in(code, DW_OP_const1u, DW_OP_consts)) return push(word(operation.operand));
    if (is_in(code, DW_OP_breg0, DW_OP_breg31)) {
      return push_register(std::uint64_t{code} - DW_OP_breg0, operation.operand);
    }
    switch (code) {
      case DW_OP_nop: return {};
      case DW_OP_bregx: return push_register(operation.operand, operation.second_operand);
      case DW_OP_call_frame_cfa:
        if (!cfa_) return std::unexpected("the canonical frame address depends on itself");
        return push(*cfa_);
      case DW_OP_dup: return with_top([](Term top) { return top; }, 0);
      case DW_OP_deref: return with_top([this](Term top) { return cpu_.load(top, 8); });
      case DW_OP_plus_uconst:
        return with_top([&](Term top) { return top + word(operation.operand); });
      case DW_OP_plus: return with_two([](Term a, Term b) { return a + b; });
      case DW_OP_minus: return with_two([](Term a, Term b) { return a - b; });
      case DW_OP_and: return with_two([](Term a, Term b) { return a & b; });
      case DW_OP_or: return with_two([](Term a, Term b) { return a | b; });
      default: return std::unexpected(operation_name(code) + " is not modelled");
    }
  }

  Result<void> push(Term value) {
    stack_.push_back(value);
    return {};
  }

  Result<void> push_register(std::uint64_t number, std::uint64_t offset) {
    const auto value = read(number);
    if (!value) return std::unexpected(value.error());
    return push(*value + word(offset));
  }

  // Pushes the result of `make` on the top, which it replaces unless `taken` is 0.
  template <class Make>
  Result<void> with_top(Make make, std::size_t taken = 1) {
    if (stack_.empty()) return std::unexpected("an operation without its operand");
    const Term top = stack_.back();
    if (taken == 1) stack_.pop_back();
    return push(make(top));
  }

  template <class Make>
  Result<void> with_two(Make make) {
    if (stack_.size() < 2) return std::unexpected("an operation without its operands");
    const Term top = stack_.back();
    stack_.pop_back();
    return with_top([&](Term below) { return make(below, top); });
  }

  const FrameRules& rules_;
  SymbolicCpu cpu_;
  std::optional<Term> cfa_;
  std::vector<Term> stack_;
};

}  // namespace

std::expected<UnwoundFrame, std::string> unwind(const FrameRules& rules, const SymbolicCpu& cpu) {
  return Evaluation(rules, cpu).run();
}

}  // namespace fiberproof::verify
