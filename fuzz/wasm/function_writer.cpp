#include "fuzz/wasm/function_writer.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace fiberproof::fuzz::wasm {

namespace {

constexpr std::size_t period_max = 16;  ///< items of a loop
constexpr std::size_t rounds_min = 3;   ///< fewer are written one after the other

constexpr std::int64_t id_of(std::int64_t serial, std::uint32_t place) {
  return serial * (std::int64_t{1} << 32) + place;
}

struct Repetition {
  std::size_t period = 1;
  std::size_t rounds = 1;
};

/// Counts the rounds of items that begin at `first`: the loop that saves the most.
/// Item i is [marks[i], marks[i + 1]).
Repetition repetition_at(const Code& code, std::span<const Code::Mark> marks, std::size_t first) {
  const std::size_t count = marks.size() - 1;
  Repetition best;
  for (std::size_t period = 1; period <= period_max && first + 2 * period <= count; ++period) {
    std::size_t end = first + period;
    while (end < count &&
           code.is_same(marks[end], marks[end + 1], marks[end - period], marks[end - period + 1])) {
      ++end;
    }
    const std::size_t rounds = (end - first) / period;
    if (rounds >= rounds_min && rounds * period > best.rounds * best.period) {
      best = {period, rounds};
    }
  }
  return best;
}

}  // namespace

FunctionWriter::FunctionWriter(Context& context, unsigned module, TypeList params)
    : context_(context), module_(module), body_{std::move(params), {}, context.assembly.code()} {}

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
  code().emit(op::global_get, Library::now);
  code().emit(op::local_set, base_local_);
  if (start == no_event) {
    code().comment("never started");
    return wrong();
  }
  base_ = serial_ = event(start).serial;
  arguments(stack);
  items(context_.outline.stacks[stack]);
  if (context_.outline.stacks[stack].empty() ||
      !event(context_.outline.stacks[stack].back().event).is_return()) {
    wrong();
  }
}

/// Its arguments are those of its first life.
void FunctionWriter::arguments(StackIndex stack) {
  const std::uint32_t start = context_.outline.start[stack];
  std::span<const Element> list = context_.plan.nodes()[context_.plan.node_of({stack, 0})].params;
  for (bool is_last = true; !list.empty() && list.back().is_handle(); is_last = false) {
    const auto index = static_cast<std::uint32_t>(list.size() - 1);
    if (is_last && event(start).is(Step::Kind::switch_)) {
      code().emit(op::local_get, index);
      store(event(start).to, list.back().node);
    } else {
      passed_ = {*context_.plan.passed_by(start), index};
    }
    list = list.first(index);
  }
  note_arrival(serial_);
  const auto ids = context_.trace.values_of(event(start)).first(list.size());
  for (std::size_t index = list.size(); index-- > 0;) {
    begin_check(ids, index);
    code().emit(op::local_get, index);
    context_.helpers.check(code(), list[index].type);
  }
  if (!list.empty()) kept_ = Kept{list[0].type, ids[0], 0};
}

void FunctionWriter::entry(StackIndex stack) {
  base_local_ = local(Use::base, 0, i64_type);
  code().emit(op::global_get, Library::now);
  code().emit(op::local_set, base_local_);
  base_ = serial_ = event(context_.outline.start[stack]).serial;
  items(context_.outline.stacks[stack]);
}

void FunctionWriter::part(const OutlinedPart& part, bool is_first) {
  base_local_ = local(Use::base, 0, i64_type);
  if (is_first) context_.begin_run(code());
  code().open(op::block);
  const Clause catches[] = {{clause_catch, Library::wrong_tag, 0}};
  code().open_try(no_results, catches);
  items(part.items);
  if (part.end != End::returns) wrong();
  code().close();
  code().close();
  code().emit(op::global_get, Library::first);
}

// Items.

void FunctionWriter::items(const std::vector<Item>& list) {
  std::vector<Code::Mark> marks;
  marks.reserve(list.size() + 1);
  ++depth_;
  for (const Item& one : list) {
    marks.push_back(code().mark());
    rebase(event(one.event).serial);
    item(one);
  }
  marks.push_back(code().mark());
  --depth_;
  for (std::size_t first = 0; first + rounds_min < marks.size(); ++first) {
    if (repetition_at(code(), marks, first).rounds > 1) return fold(marks, first);
  }
}

/// The base is the serial number of the item to come.
void FunctionWriter::rebase(std::uint32_t serial) {
  const std::int64_t distance = std::int64_t{serial} - std::int64_t{base_};
  base_ = serial_ = serial;
  if (distance == 0) return;
  code().emit(op::local_get, base_local_);
  code().i64(id_of(distance, 0));
  code().emit(op::i64_add);
  code().emit(op::local_set, base_local_);
}

/// Writes the items from `first` on again, with loops where they repeat.
void FunctionWriter::fold(std::span<const Code::Mark> marks, std::size_t first) {
  const Code::Mark origin = marks[first];
  const Code rest = code().cut(origin);
  std::vector<Code::Mark> at;
  for (const Code::Mark mark : marks.subspan(first)) {
    at.push_back({mark.bytes - origin.bytes, mark.text - origin.text});
  }
  for (std::size_t next = 0; next + 1 < at.size();) {
    const auto [period, rounds] = repetition_at(rest, at, next);
    if (rounds > 1) {
      const std::uint32_t counter = local(Use::counter, depth_, i32_type);
      code().i32(static_cast<std::int32_t>(
          context_.mistranslation == Mistranslation::short_loop ? rounds - 1 : rounds));
      code().emit(op::local_set, counter);
      code().open(op::loop);
      code().append(rest, at[next], at[next + period]);
      code().emit(op::local_get, counter);
      code().i32(1);
      code().emit(op::i32_sub);
      code().emit(op::local_tee, counter);
      code().emit(op::br_if, 0);
      code().close();
    } else {
      code().append(rest, at[next], at[next + 1]);
    }
    next += period * rounds;
  }
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
  if (context_.mistranslation == Mistranslation::forgotten_call) return;
  code().emit(op::local_get, base_local_);
  context_.assembly.call_function(code(), module_, function);
}

void FunctionWriter::try_(const Item& item) {
  if (context_.mistranslation == Mistranslation::forgotten_catch && item.caught != no_event) {
    items(item.children);
    return wrong();
  }
  if (item.caught == no_event) {
    // Nothing is thrown: what comes would be noted.
    const std::int64_t caught = context_.assembly.types().block({i64_type});
    code().open(op::block);
    code().open(op::block, caught);
    const Clause catches[] = {{clause_catch, Library::exception_tag, 0}};
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
  const Clause catches[] = {{clause_catch_ref, Library::exception_tag, 0}};
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
  note_arrival(caught.serial);
  begin_values(caught.exception, 0);
  context_.helpers.check(code(), ValueType::i64);
  caught_.emplace_back(kept, caught.exception);
  ++tries_;
  items(item.handler);
  --tries_;
  caught_.pop_back();
}

void FunctionWriter::call_entry(const Item& item) {
  if (context_.mistranslation == Mistranslation::forgotten_entry) return;
  set_now(event(item.event));
  const auto& entries = context_.outline.entries;
  const StackIndex stack = event(item.event).next;
  const auto number = std::find(entries.begin(), entries.end(), stack) - entries.begin();
  if (context_.host_enter != none) {
    code().i32(static_cast<std::int32_t>(number));
    code().emit(op::call, context_.host_enter);
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
      if (context_.mistranslation == Mistranslation::wrong_rethrow) {
        push_thrown(of.serial);
        return code().emit(op::throw_, Library::exception_tag);
      }
      if (caught_.empty()) {  // The handler is in a frame farther up.
        push_thrown(of.exception);
        return code().emit(op::throw_, Library::exception_tag);
      }
      code().emit(op::local_get, caught_.back().first);
      return code().emit(op::throw_ref);
    }
    case Step::Kind::drop:
      return context_.store_null(code(), of.step->handle, context_.plan.node_of(of.used));
    case Step::Kind::collect: return context_.helpers.collect(code());
    // The outline leaves these out, or has an item of another kind for them.
    case Step::Kind::trap:
    case Step::Kind::call:
    case Step::Kind::try_:
    case Step::Kind::back:
    case Step::Kind::enter:
    case Step::Kind::leave:
    case Step::Kind::walk:
    case Step::Kind::walk_suspended:
    case Step::Kind::overrun:
    case Step::Kind::repeat:
    case Step::Kind::walk_broken:
    case Step::Kind::walk_suspended_broken:
    case Step::Kind::resume_again:
    case Step::Kind::trespass:
    case Step::Kind::initialize:
    case Step::Kind::start:
    case Step::Kind::yield:
    case Step::Kind::yield_apart:
    case Step::Kind::overflow:
    case Step::Kind::cleanup:
    case Step::Kind::enter_other:
    case Step::Kind::move: return;
  }
}

}  // namespace fiberproof::fuzz::wasm
