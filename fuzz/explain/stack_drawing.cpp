#include "fuzz/explain/stack_drawing.hpp"

#include "core/continuation_start.hpp"
#include "core/machine_code.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t values_max = StackSnapshot::values_max;

/// One word, or one value, that a drawing shows.
struct Row {
  std::uint64_t below_top;
  std::string field;
  std::string text;
  std::string mark;
};

std::string text_of(const Row& row) {
  return fmt::format("  TOS - 0x{:<6x} │ {:<20} │ {}{}\n", row.below_top, row.field, row.text,
                     row.mark);
}

std::string head(std::string_view name, std::uint64_t usable_bytes) {
  return fmt::format("  TOS ─────────── the stack of {}, {} usable bytes\n", name, usable_bytes);
}

/// Where control contexts lead, in a run that is observed.
std::optional<std::string_view> name_of_code(std::uint64_t address) {
  const auto is = [address](auto* routine) {
    return reinterpret_cast<std::uint64_t>(routine) == address;
  };
  if (is(start_routine(Trampoline::trap))) {
    return "continuation_start";
  }
  if (is(start_routine(Trampoline::v44))) {
    return "continuation_start of v44";
  }
  if (is(&fiberproof_start_probe)) {
    return "the probe before continuation_start";
  }
  if (is(&fiberproof_exit_probe)) {
    return "the probe before its parent goes on";
  }
  for (const std::span<const std::byte> site : switch_site_bytes()) {
    if (is(site.data() + site.size())) {
      return "after a switch";
    }
  }
  return std::nullopt;
}

/// Rows with the buffer between them, of which the first values stand lowest.
std::string body(const std::vector<Row>& top, std::uint32_t capacity,
                 const std::vector<Row>& values, const std::vector<Row>& launch) {
  std::string text;
  for (const Row& row : top) {
    text += text_of(row);
  }
  if (capacity > values.size()) {
    text += fmt::format("{:17}│ … {} more\n", "", capacity - values.size());
  }
  for (std::size_t index = values.size(); index-- > 0;) {
    text += text_of(values[index]);
  }
  for (const Row& row : launch) {
    text += text_of(row);
  }
  return text + fmt::format("{:17}│ usable stack …       │ grows down\n", "");
}

std::uint64_t value_below_top(std::uint32_t capacity, std::size_t index) {
  return spec::buffer_below + spec::buffer_bytes(capacity) - spec::value_bytes * index;
}

/// Reads the words of one snapshot.
class Reader {
 public:
  Reader(const StackSnapshot& snapshot, const std::optional<Violation>& violation)
      : snapshot_(snapshot), violation_(violation) {}

  std::string draw() {
    const LayoutRequest& layout = snapshot_.layout;
    const std::uint64_t buffer = spec::buffer_bytes(layout.capacity());
    const auto word = [this](std::uint64_t below_top, const char* field, std::uint64_t read,
                             std::string text) {
      return Row{below_top, field, std::move(text), mark(field, read)};
    };
    const std::vector<Row> top{
        word(spec::saved_rip_below_top, "rip", snapshot_.rip, text_of_word(snapshot_.rip)),
        word(spec::saved_rbp_below_top, "rbp", snapshot_.rbp, stack_pointer(snapshot_.rbp)),
        word(spec::saved_rsp_below_top, "rsp", snapshot_.rsp, stack_pointer(snapshot_.rsp)),
        word(spec::capacity_below_top, "args_capacity", snapshot_.args_capacity,
             fmt::format("{}", snapshot_.args_capacity)),
    };
    const std::vector<Row> launch{
        word(spec::func_ref_below + buffer, "func_ref", snapshot_.func_ref,
             launch_word(snapshot_.func_ref, layout.func_ref, "the function")),
        word(spec::vmctx_below + buffer, "caller_vmctx", snapshot_.caller_vmctx,
             launch_word(snapshot_.caller_vmctx, layout.caller_vmctx, "the caller's vmctx")),
        word(spec::args_below + buffer, "args", snapshot_.args,
             launch_word(snapshot_.args, layout.args_object, "its args object")),
        word(spec::return_count_below + buffer, "return_value_count", snapshot_.return_value_count,
             launch_word(snapshot_.return_value_count, layout.returns,
                         fmt::format("{}", layout.returns)) +
                 "   <- first RSP"),
    };
    std::vector<Row> values;
    for (std::size_t index = 0; index < std::min<std::size_t>(layout.capacity(), values_max);
         ++index) {
      values.push_back({value_below_top(layout.capacity(), index), fmt::format("args[{}]", index),
                        maker_of(snapshot_.values[index]), ""});
    }
    std::string text =
        head(name(), layout.usable_bytes) + body(top, layout.capacity(), values, launch);
    if (violation_ && !marked_) {
      text += fmt::format("  {} is about something else: {}\n", name_of(violation_->id),
                          violation_->what);
    }
    return text;
  }

 private:
  std::string name() const {
    return snapshot_.continuation == 0
               ? fmt::format("no continuation, only laid out, at step {}", snapshot_.step)
               : fmt::format("{}{} at step {}", snapshot_.is_started ? "started " : "c",
                             snapshot_.continuation, snapshot_.step);
  }

  /// The oracles of these words begin what they say with the field's name, and its place.
  std::string mark(std::string_view field, std::uint64_t read) {
    if (!violation_) {
      return "";
    }
    const std::string_view what = violation_->what;
    if (!what.starts_with(field) || !what.contains("at TOS-") || read != violation_->got) {
      return "";
    }
    marked_ = true;
    return fmt::format("   <== {}: expected {}, got {}", name_of(violation_->id),
                       text_of_word(violation_->expected), text_of_word(violation_->got));
  }

  bool is_own(std::uint64_t address) const {
    return address <= snapshot_.layout.top &&
           address >= snapshot_.layout.top - snapshot_.layout.usable_bytes;
  }

  std::string text_of_word(std::uint64_t word) const {
    if (is_own(word)) {
      return fmt::format("TOS - 0x{:x}", snapshot_.layout.top - word);
    }
    if (const auto routine = name_of_code(word)) {
      return std::string(*routine);
    }
    return fmt::format("0x{:x}", word);
  }

  /// While a continuation runs, its control context holds the parent's registers.
  std::string stack_pointer(std::uint64_t word) const {
    return is_own(word) ? text_of_word(word) : "on another stack";
  }

  /// Once it has started, its calls use the memory of the launch words, which the trampoline
  /// popped.
  std::string launch_word(std::uint64_t word, std::uint64_t laid_out,
                          std::string_view meaning) const {
    return word == laid_out ? std::string(meaning)
                            : fmt::format("popped; now {}, of its calls", text_of_word(word));
  }

  static std::string maker_of(const Value& value) {
    const auto high = static_cast<std::uint32_t>(value.low >> 32);
    const auto low = static_cast<std::uint32_t>(value.low);
    if (const PlainValue made = value_made(high, low); made.high == value.high) {
      return fmt::format("step {}, value {}", high, low);
    }
    for (const auto& [kind, name] :
         {std::pair{ValueKind::unset, "not set, place"},
          std::pair{ValueKind::parameter, "parameter"}, std::pair{ValueKind::result, "result"}}) {
      if (value_of(kind, high, low) == value) {
        return fmt::format("started {}, {} {}", high, name, low);
      }
    }
    return fmt::format("0x{:x}, 0x{:x}", value.low, value.high);
  }

  const StackSnapshot& snapshot_;
  const std::optional<Violation>& violation_;
  bool marked_ = false;
};

}  // namespace

std::string draw(const StackSnapshot& snapshot, const std::optional<Violation>& violation) {
  return Reader(snapshot, violation).draw();
}

std::string draw(const ToldStack& stack) {
  const std::uint32_t capacity = spec::capacity_of(stack.params, stack.returns);
  const std::uint64_t buffer = spec::buffer_bytes(capacity);
  const std::vector<Row> top{
      {spec::saved_rip_below_top, "rip", "where its parent goes on", ""},
      {spec::saved_rbp_below_top, "rbp", "its parent's", ""},
      {spec::saved_rsp_below_top, "rsp", "its parent's", ""},
      {spec::capacity_below_top, "args_capacity", fmt::format("{}", capacity), ""},
  };
  std::vector<Row> values;
  for (std::size_t index = 0; index < std::min<std::size_t>(capacity, values_max); ++index) {
    const bool is_param = index < stack.params;
    const bool is_result = index < stack.returns;
    values.push_back(
        {value_below_top(capacity, index), fmt::format("args[{}]", index),
         fmt::format("{}{}{}", is_param ? "a parameter" : "",
                     is_param && is_result ? ", then " : "", is_result ? "a result" : ""),
         ""});
  }
  const std::vector<Row> launch{
      {spec::func_ref_below + buffer, "func_ref", fmt::format("f{}", stack.function), ""},
      {spec::vmctx_below + buffer, "caller_vmctx", "the caller's vmctx", ""},
      {spec::args_below + buffer, "args", "its args object", ""},
      {spec::return_count_below + buffer, "return_value_count",
       fmt::format("{}   <- first RSP", stack.returns), ""},
  };
  return head(stack.name, stack.usable_bytes) + body(top, capacity, values, launch);
}

}  // namespace fiberproof::fuzz
