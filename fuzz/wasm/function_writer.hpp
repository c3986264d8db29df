// Writes a function of a translation: its items one after the other, each relative to a *base*, the
// serial number of the step that it is about, which a local variable holds. So items that do the
// same with later steps are the same instructions: repetitions become loops, and continuations that
// do the same share a function.
#pragma once

#include "fuzz/wasm/context.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof::fuzz::wasm {

class FunctionWriter {
 public:
  /// `params` are those of the function.
  FunctionWriter(Context& context, unsigned module, TypeList params);

  /// The code of a continuation that was started, or never is.
  void continuation(StackIndex stack);
  /// The code of an entry that a stack opens.
  void entry(StackIndex stack);
  /// A part, whose results are the first wrong step or 0.
  void part(const OutlinedPart& part, bool is_first);

  FunctionBody take() { return std::move(body_); }

 private:
  /// A handle that came as a value, which the next operation names.
  struct Passed {
    HandleId handle;
    std::uint32_t local;
  };
  /// A value that arrived, to be looked at once more.
  struct Kept {
    ValueType type;
    ValueId id;
    std::uint32_t local;
  };
  /// The purpose of a local variable.
  enum class Use : std::uint8_t { base, counter, spare, passed, kept, exception };
  /// A clause of a resume and the block that it leads to.
  struct Arm {
    std::uint32_t tag;
    std::uint32_t node;   ///< of the handle
    std::uint32_t event;  ///< an example of the suspension
    bool is_taken;
  };

  Code& code() { return body_.code; }
  const Event& event(std::uint32_t index) const { return context_.trace.events[index]; }
  std::uint32_t local(Use use, std::uint32_t number, const ValType& type);

  void arguments(StackIndex stack);

  // Items.
  void items(const std::vector<Item>& list);
  void rebase(std::uint32_t serial);
  void fold(std::span<const Code::Mark> marks, std::size_t first);
  void item(const Item& item);
  void call(const Item& item);
  void try_(const Item& item);
  void call_entry(const Item& item);
  void operation(const Item& item);
  void fails(const Item& item);

  // Operations.
  void new_(const Event& event);
  void bind(const Event& event);
  void resume(const Item& item, const Event& event);
  void throw_into(const Item& item, const Event& event);
  void push_exception();
  void suspend(const Item& item, const Event& event);
  void switch_(const Item& item, const Event& event);
  void return_(const Event& event);
  void throw_(const Event& event);
  bool takes_switch(const Node& node) const;
  void fails_without_handler(const Event& event);
  void fails_with_handle(const Event& event);

  // Values and handles that a step hands over.
  void id(std::uint32_t serial, std::uint32_t place);
  void set_now(const Event& event);
  void begin_values(std::uint32_t serial, std::uint32_t place);
  void push_thrown(std::uint32_t serial);
  void push_values(std::uint32_t serial, std::span<const Element> list);
  void push_values_unless(Mistranslation mistranslation, std::uint32_t serial,
                          std::span<const Element> list);
  void push_defaults(std::span<const Element> list);
  void push_handle(std::uint8_t slot, const HandleId& handle);
  void wrong();

  // Checks of everything that arrives.
  std::vector<Arm> arms_of(const Event& event, std::uint32_t arrival_index, std::uint32_t results);
  void with_arms(const Item& item, const std::function<void(std::span<const Clause>)>& instruction);
  void arrive(const Item& item, std::span<const Element> list);
  void note_arrival(std::uint32_t serial);
  void check_values(std::uint32_t arrival_index, std::span<const Element> list);
  void begin_check(std::span<const ValueId> ids, std::size_t index);
  void check_kept();
  void store(std::uint8_t slot, std::uint32_t node);

  Context& context_;
  unsigned module_;
  FunctionBody body_;
  std::map<std::pair<Use, std::pair<std::uint32_t, ValType>>, std::uint32_t> locals_;
  std::uint32_t base_local_ = 0;
  std::uint32_t base_ = 0;    ///< the serial number that the local variable holds here
  std::uint32_t serial_ = 0;  ///< of the item that is written
  unsigned depth_ = 0;        ///< of lists of items in lists
  unsigned tries_ = 0;
  std::optional<Passed> passed_;
  std::optional<Kept> kept_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> caught_;  ///< a local and its event
};

}  // namespace fiberproof::fuzz::wasm
