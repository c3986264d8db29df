#include "verify/survey/operation.hpp"

#include "verify/survey/jump_table.hpp"
#include "verify/survey/straight_line.hpp"
#include "verify/x86/instruction_effects.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <expected>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

// The code of one function up to a switch, from where control may come to it by another way.
class LineBefore {
 public:
  LineBefore(const ObjectFile& file, const Survey& found, const CodePiece& piece,
             std::uint64_t address)
      : file_(file), found_(found), piece_(piece), address_(address), begin_(piece.address) {
    for (std::uint64_t at = piece_.address; at < piece_.end() && is_certain_;) at = sweep(at);
  }

  /// Nothing if an indirect jump of the function may lead anywhere.
  std::optional<StraightLine> follow() const {
    if (!is_certain_) return std::nullopt;
    StraightLine line;
    for (std::uint64_t at = begin_; at < address_;) {
      const auto effects = effects_at(at, bytes_at(at));
      if (!effects) return std::nullopt;
      if (const auto decoded = decode(at, bytes_at(at))) {
        line.step(*decoded);
      } else {
        line.forget(effects->changes);
      }
      at += effects->length;
    }
    return line;
  }

 private:
  using Flow = InstructionEffects::Flow;

  std::span<const std::byte> bytes_at(std::uint64_t at) const {
    return piece_.bytes.subspan(at - piece_.address);
  }

  void joins(std::uint64_t place) {
    if (place <= address_) begin_ = std::max(begin_, place);
  }

  // The address behind the instruction, or behind the jump table that follows it.
  std::uint64_t sweep(std::uint64_t at) {
    const auto effects = effects_at(at, bytes_at(at));
    if (!effects) {
      run_.clear();
      joins(at + 1);
      return at + 1;
    }
    std::uint64_t next = effects->next_address();
    auto decoded = decode(at, bytes_at(at));
    if (effects->target && effects->flow != Flow::call) joins(*effects->target);
    if (effects->flow == Flow::jump && !effects->target && !is_of_a_switch(at)) {
      next += note_table(decoded, next);
    }
    if (effects->flow != Flow::next && effects->flow != Flow::branch) joins(next);
    if (effects->flow == Flow::next && decoded) {
      run_.push_back(std::move(*decoded));
    } else {
      run_.clear();
    }
    return next;
  }

  bool is_of_a_switch(std::uint64_t at) const {
    return std::ranges::any_of(found_.switches, [at](const FoundSwitch& one) {
      return at >= one.code.address && at < one.end();
    });
  }

  // The bytes of a table right behind the jump.
  std::uint64_t note_table(const std::expected<Instruction, DecodeError>& jump,
                           std::uint64_t behind) {
    const auto table = jump ? table_of_jump(run_, *jump) : std::nullopt;
    is_certain_ = table && file_.is_writable(table->address) == false;
    if (!is_certain_) return 0;
    const JumpTable read =
        jump_table(file_, table->address, piece_.address, piece_.end(), table->entries);
    is_certain_ = read.bytes == table->entries * sizeof(std::int32_t);
    for (const std::uint64_t target : read.targets) joins(target);
    return table->address == behind ? read.bytes : 0;
  }

  const ObjectFile& file_;
  const Survey& found_;
  const CodePiece& piece_;
  std::uint64_t address_;
  std::uint64_t begin_;
  bool is_certain_ = true;
  std::vector<Instruction> run_;  // straight-line code up to here
};

OperationPart unknown(std::string reason) {
  return {false, std::move(reason)};
}

constexpr const char* from_further_back = "its value comes from before the straight line";

OperationPart context_part(const StraightLine& line, const LineValue& context,
                           const EngineOffsets& offsets) {
  if (context.kind == LineValue::Kind::entry && context.reg == Register::rsp) {
    return unknown("it is in the frame, where a copy was made");
  }
  if (context.kind != LineValue::Kind::loaded) return unknown(from_further_back);
  const LineValue& top = line.pointer_of(context);
  const bool is_spilled = top.kind == LineValue::Kind::entry && top.reg == Register::rsp;
  if (is_spilled) return unknown("it is reloaded from the frame");
  if (context.offset == offsets.stack_control_context && top.offset == offsets.record_stack_top) {
    return {true, {}};
  }
  return unknown(fmt::format("it is at {} from the word at {:#x} of something",
                             static_cast<std::int64_t>(context.offset), top.offset));
}

OperationPart ancestor_part(const StraightLine& line, const LineValue& context,
                            const EngineOffsets& offsets) {
  const LineValue record = line.pointer_of(context).plus(0 - offsets.record_stack_top);
  if (record.kind != LineValue::Kind::loaded) return unknown(from_further_back);
  const std::uint64_t offset = line.pointer_of(record).offset;
  if (record.offset == 0 && offset == offsets.record_last_ancestor) return {true, {}};
  return unknown(fmt::format("it is the word at {:#x} of something", offset));
}

// The line sets the running record and the limit of one store, the limit to the word of that
// record.
OperationPart limit_part(const StraightLine& line, const EngineOffsets& offsets) {
  for (const auto& [running, record] : line.stores()) {
    if (!running.is_known() || !record.is_known()) continue;
    const LineValue store = running.plus(0 - offsets.store_running);
    const LineValue limit = store.plus(offsets.store_stack_limit);
    const LineValue word = record.plus(offsets.record_stack_limit);
    const bool is_set = std::ranges::any_of(line.stores(), [&](const LineStore& other) {
      return other.address.is_same_as(limit) && other.value.kind == LineValue::Kind::loaded &&
             other.value.offset == 0 && line.pointer_of(other.value).is_same_as(word);
    });
    if (is_set) return {true, {}};
  }
  return unknown("the straight line before the switch does not set both of a store");
}

}  // namespace

SwitchOperation Operations::around(const FoundSwitch& one) const {
  const auto behind = std::ranges::upper_bound(pieces_, one.code.address, {}, &CodePiece::address);
  if (behind == pieces_.begin()) return {};
  const auto line = LineBefore(file_, found_, *std::prev(behind), one.code.address).follow();
  if (!line) {
    const OperationPart lost = unknown("its function jumps to places that are not known");
    return {lost, lost, lost};
  }
  const LineValue store = line->value_of(one.store.base).plus(one.store.offset);
  SwitchOperation operation;
  operation.context = context_part(*line, store, offsets_);
  operation.last_ancestor = operation.context.is_proved ? ancestor_part(*line, store, offsets_)
                                                        : unknown("the record is not known");
  operation.stack_limit = limit_part(*line, offsets_);
  return operation;
}

}  // namespace fiberproof::verify
