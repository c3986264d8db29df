#include "verify/survey/switch_shape.hpp"

#include "verify/survey/straight_line.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>

namespace fiberproof::verify {
namespace {

// The context that most of the moves agree on; the first of them if all differ.
std::optional<SwitchOperand> agreed(const std::array<std::optional<SwitchOperand>, 3>& moves) {
  std::optional<SwitchOperand> best;
  std::ptrdiff_t most = 0;
  for (const auto& move : moves) {
    const std::ptrdiff_t count = move ? std::ranges::count(moves, move) : 0;
    if (count > most) {
      best = move;
      most = count;
    }
  }
  return best;
}

constexpr std::array<std::string_view, 3> words{"RSP", "RBP", "the address to resume at"};

// Counts the moves by the context's register; a push of a prologue is none of them.
std::size_t count(const std::array<std::optional<SwitchOperand>, 3>& moves,
                  const SwitchOperand& context, const char* verb, SwitchShape& shape) {
  std::size_t made = 0;
  for (std::size_t word = 0; word < words.size(); ++word) {
    if (moves[word] && moves[word]->base == context.base) {
      ++made;
      shape.moves_rsp = shape.moves_rsp || word == 0;
    } else {
      shape.missing.push_back(fmt::format("{} is not {}", words[word], verb));
    }
  }
  return made;
}

// The words of a context are 8 bytes apart, in the order of `words`.
std::optional<SwitchOperand> context_of(const LineValue& place, std::size_t word) {
  if (place.kind != LineValue::Kind::entry) return std::nullopt;
  return SwitchOperand{place.reg, place.offset - 8 * word};
}

SwitchShape shape_from(std::span<const Instruction> run) {
  StraightLine line;
  for (const Instruction& instruction : run.first(run.size() - 1)) line.step(instruction);
  const std::array<LineValue, 3> results{line.value_of(Register::rsp), line.value_of(Register::rbp),
                                         line.value_of(run.back().operands[0])};
  std::array<std::optional<SwitchOperand>, 3> loaded;
  for (std::size_t word = 0; word < results.size(); ++word) {
    const LineValue& value = results[word];
    if (value.kind == LineValue::Kind::loaded && value.offset == 0) {
      loaded[word] = context_of(line.pointer_of(value), word);
    }
  }
  std::array<std::optional<SwitchOperand>, 3> stored;
  for (const auto& [address, value] : line.stores()) {
    std::optional<std::size_t> word;
    if (value.is_entry_of(Register::rsp)) word = 0;
    if (value.is_entry_of(Register::rbp)) word = 1;
    if (value.kind == LineValue::Kind::address) word = 2;
    if (word && address.kind == LineValue::Kind::entry) stored[*word] = context_of(address, *word);
  }
  SwitchShape shape;
  shape.instructions = run.size();
  shape.load = agreed(loaded).value_or(SwitchOperand{});
  shape.store = agreed(stored).value_or(SwitchOperand{});
  shape.loads = count(loaded, shape.load, "loaded", shape);
  shape.loads_agree = std::ranges::count(loaded, std::optional(shape.load)) == 3;
  shape.stores = count(stored, shape.store, "stored", shape);
  return shape;
}

}  // namespace

std::string text_of(const SwitchOperand& operand) {
  if (operand.offset == 0) return std::string(name(operand.base));
  const bool is_negative = operand.offset >> 63 != 0;
  return fmt::format("{}{}{:#x}", name(operand.base), is_negative ? '-' : '+',
                     is_negative ? -operand.offset : operand.offset);
}

SwitchShape shape_of(std::span<const Instruction> run) {
  SwitchShape best = shape_from(run.last(1));
  for (std::size_t size = 2; size <= run.size(); ++size) {
    SwitchShape shape = shape_from(run.last(size));
    if (shape.loads + shape.stores > best.loads + best.stores) best = std::move(shape);
  }
  return best;
}

}  // namespace fiberproof::verify
