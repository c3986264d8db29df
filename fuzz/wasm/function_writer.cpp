#include "fuzz/wasm/function_writer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::size_t period_max = 16;  ///< items of a loop
constexpr std::size_t rounds_min = 3;   ///< fewer are written one after the other

constexpr std::int64_t id_of(std::int64_t serial, std::uint32_t place) {
  return serial * (std::int64_t{1} << 32) + place;
}

/// An item that has been written, and how far the base moves before it.
struct Written {
  Code code;
  std::int64_t delta;

  bool is_same(const Written& other) const {
    return delta == other.delta && code.bytes() == other.code.bytes();
  }
};

struct Repetition {
  std::size_t period = 1;
  std::size_t rounds = 1;
};

/// How often the items that begin at `first` come again at once: the most that a loop can hold.
Repetition repetition_at(const std::vector<Written>& list, std::size_t first) {
  Repetition best;
  for (std::size_t period = 1; period <= period_max && first + 2 * period <= list.size(); ++period) {
    std::size_t end = first + period;
    while (end < list.size() && list[end].is_same(list[end - period])) {
      ++end;
    }
    const std::size_t rounds = (end - first) / period;
    if (rounds >= rounds_min && rounds * period > best.rounds * best.period) {
      best = {period, rounds};
    }
  }
  return best.rounds >= rounds_min ? best : Repetition{};
}

}  // namespace

FunctionWriter::FunctionWriter(Context& context, unsigned module, TypeList params)
    : context_(context), module_(module), body_{std::move(params), {}, context.assembly.code()} {
  code_ = &body_.code;
}

std::uint32_t FunctionWriter::local(Use use, std::uint32_t number, const ValType& type) {
  const auto [at, is_new] = locals_.try_emplace({use, {number, type}}, 0);
  if (is_new) {
    at->second = static_cast<std::uint32_t>(body_.params.size() + body_.locals.size());
    body_.locals.push_back(type);
  }
  return at->second;
}

// Functions.

void FunctionWriter::continuation(StackIndex stack) {
  const std::uint32_t start = context_.outline.start[stack];
  base_local_ = local(Use::base, 0, i64_type);
  code().emit(op::global_get, context_.helpers.now());
  code().emit(op::local_set, base_local_);
  if (start == no_event) {
    code().comment("never started");
    return wrong();
  }
  base_ = serial_ = event(start).serial;
  // Its arguments are those of its first life.
  const std::vector<Element>& list =
      context_.plan.nodes()[context_.plan.node_of({stack, 0})].params;
  const auto ids = context_.trace.values_of(event(start));
  for (std::uint32_t index = 0; index < list.size(); ++index) {
    const Element& element = list[index];
    const bool is_last = index + 1 == list.size();
    if (!element.is_handle()) {
      code().emit(op::local_get, index);
      check(element.type, ids[index], event(start).serial);
    } else if (is_last && event(start).is(Step::Kind::switch_)) {
      code().emit(op::local_get, index);
      store(event(start).to, element.node);
    } else {
      passed_ = {*context_.plan.passed_by(start), index};
    }
  }
  if (!list.empty() && !list[0].is_handle()) kept_ = Kept{list[0].type, ids[0], 0};
  items(context_.outline.stacks[stack]);
  if (context_.outline.stacks[stack].empty() ||
      !event(context_.outline.stacks[stack].back().event).is_return()) {
    wrong();
  }
}

void FunctionWriter::entry(StackIndex stack) {
  base_local_ = local(Use::base, 0, i64_type);
  code().emit(op::global_get, context_.helpers.now());
  code().emit(op::local_set, base_local_);
  base_ = serial_ = event(context_.outline.start[stack]).serial;
  items(context_.outline.stacks[stack]);
}

void FunctionWriter::part(const OutlinedPart& part, bool is_first) {
  base_local_ = local(Use::base, 0, i64_type);
  if (is_first) {
    code().i32(0);
    code().emit(op::global_set, context_.helpers.first());
  }
  code().open(op::block);
  const Clause catches[] = {{clause_catch, context_.helpers.wrong_tag(), 0}};
  code().open_try(no_results, catches);
  items(part.items);
  if (part.end != End::returns) wrong();
  code().close();
  code().close();
  code().emit(op::global_get, context_.helpers.first());
}

// Items.

void FunctionWriter::items(const std::vector<Item>& list) {
  std::vector<Written> written;
  written.reserve(list.size());
  Code* const outside = code_;
  ++depth_;
  for (const Item& one : list) {
    const std::uint32_t serial = event(one.event).serial;
    Written next{context_.assembly.code(), std::int64_t{serial} - std::int64_t{base_}};
    base_ = serial_ = serial;
    code_ = &next.code;
    item(one);
    written.push_back(std::move(next));
  }
  code_ = outside;
  const auto put = [this](const Written& one) {
    if (one.delta != 0) {
      code().emit(op::local_get, base_local_);
      code().i64(id_of(one.delta, 0));
      code().emit(op::i64_add);
      code().emit(op::local_set, base_local_);
    }
    code().append(one.code);
  };
  for (std::size_t first = 0; first < written.size();) {
    const auto [period, rounds] = repetition_at(written, first);
    if (rounds > 1) {
      const std::uint32_t counter = local(Use::counter, depth_, i32_type);
      const std::size_t count = context_.defect == 15 ? rounds - 1 : rounds;
      code().i32(static_cast<std::int32_t>(count));
      code().emit(op::local_set, counter);
      code().open(op::loop);
      for (std::size_t index = 0; index < period; ++index) {
        put(written[first + index]);
      }
      code().emit(op::local_get, counter);
      code().i32(1);
      code().emit(op::i32_sub);
      code().emit(op::local_tee, counter);
      code().emit(op::br_if, 0);
      code().close();
    } else {
      put(written[first]);
    }
    first += period * rounds;
  }
  --depth_;
}

void FunctionWriter::item(const Item& item) {
  if (code().with_text()) {
    const Event& of = event(item.event);
    code().comment(of.step != nullptr ? fmt::format("step {}: {}", of.serial, print(*of.step))
                                      : fmt::format("step {}: the steps end", of.serial));
  }
  switch (item.kind) {
    case Item::Kind::operation: return operation(item);
    case Item::Kind::fails: return fails(item);
    case Item::Kind::call: return call(item);
    case Item::Kind::try_: return try_(item);
    case Item::Kind::entry: return call_entry(item);
  }
}

/// The innermost frame does what the item has; the others call the next.
void FunctionWriter::call(const Item& item) {
  FunctionWriter inside(context_, module_, {i64_type});
  inside.base_ = inside.serial_ = base_;
  inside.items(item.children);
  const std::uint32_t type = context_.assembly.types().function({i64_type}, {});
  Assembly::Function function = context_.assembly.add_function(module_, type, inside.take());
  for (std::uint32_t frame = 1; frame < event(item.event).step->count; ++frame) {
    FunctionBody body{{i64_type}, {}, context_.assembly.code()};
    body.code.emit(op::local_get, 0);
    context_.assembly.call_function(body.code, module_, function);
    function = context_.assembly.add_function(module_, type, std::move(body));
  }
  code().emit(op::local_get, base_local_);
  context_.assembly.call_function(code(), module_, function);
}

void FunctionWriter::try_(const Item& item) {
  if (item.caught == no_event) {
    // Nothing is thrown: what comes would be noted.
    const std::int64_t caught = context_.assembly.types().block({i64_type});
    code().open(op::block);
    code().open(op::block, caught);
    const Clause catches[] = {{clause_catch, context_.helpers.exception_tag(), 0}};
    code().open_try(no_results, catches);
    ++tries_;
    items(item.children);
    --tries_;
    code().close();
    code().emit(op::br, 1);
    code().close();
    code().emit(op::drop);
    wrong();
    code().close();
    return;
  }
  const ValType exception = reference_to(heap::exn);
  code().open(op::block, context_.assembly.types().block({i64_type, exception}));
  const Clause catches[] = {{clause_catch_ref, context_.helpers.exception_tag(), 0}};
  code().open_try(no_results, catches);
  ++tries_;
  items(item.children);
  code().close();
  wrong();
  code().close();
  const std::uint32_t kept = local(Use::exception, tries_, nullable(heap::exn));
  --tries_;
  code().emit(op::local_set, kept);
  passed_.reset();
  const Event& caught = event(item.caught);
  serial_ = base_;
  id(caught.serial, 0);
  context_.helpers.check_now(code());
  id(caught.exception, 0);
  id(caught.serial, 0);
  context_.helpers.check(code(), ValueType::i64);
  caught_.emplace_back(kept, caught.exception);
  ++tries_;
  items(item.handler);
  --tries_;
  caught_.pop_back();
}

void FunctionWriter::call_entry(const Item& item) {
  set_now(event(item.event));
  const auto& entries = context_.outline.entries;
  const StackIndex stack = event(item.event).next;
  const auto number = std::find(entries.begin(), entries.end(), stack) - entries.begin();
  if (context_.assembly.has_host()) {
    code().i32(static_cast<std::int32_t>(number));
    code().emit(op::call, Assembly::host_enter);
  } else {
    context_.assembly.call_function(code(), module_, context_.functions[stack]);
  }
}

void FunctionWriter::operation(const Item& item) {
  const Event& of = event(item.event);
  if (of.step == nullptr) return return_(of);
  switch (of.step->kind) {
    case Step::Kind::new_: return new_(of);
    case Step::Kind::bind: return bind(of);
    case Step::Kind::resume: return resume(item, of);
    case Step::Kind::throw_into: return throw_into(item, of);
    case Step::Kind::suspend: return suspend(item, of);
    case Step::Kind::switch_: return switch_(item, of);
    case Step::Kind::return_: return return_(of);
    case Step::Kind::throw_: return throw_(of);
    case Step::Kind::rethrow: {
      set_now(of);
      if (caught_.empty()) {  // The handler is in a frame farther up.
        id(of.exception, 0);
        context_.helpers.make(code(), ValueType::i64);
        return code().emit(op::throw_, context_.helpers.exception_tag());
      }
      code().emit(op::local_get, caught_.back().first);
      return code().emit(op::throw_ref);
    }
    case Step::Kind::drop:
      return context_.store_null(code(), of.step->handle, context_.plan.node_of(of.used));
    case Step::Kind::collect: return context_.helpers.collect(code());
    default: return;
  }
}

}  // namespace fiberproof::fuzz::wasm
