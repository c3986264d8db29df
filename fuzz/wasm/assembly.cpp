#include "fuzz/wasm/assembly.hpp"

#include <fmt/format.h>

namespace fiberproof::fuzz::wasm {

namespace {

/// The table through which a module reaches functions of another; the first, where there are more
/// modules than one.
constexpr std::uint32_t shared_table = 0;

/// The local variables of a function as the binary format counts them: in runs of one type.
void put_locals(Bytes& out, const TypeList& locals) {
  std::vector<std::pair<std::uint32_t, ValType>> runs;
  for (const ValType& type : locals) {
    if (runs.empty() || runs.back().second != type) runs.emplace_back(0, type);
    ++runs.back().first;
  }
  put_unsigned(out, runs.size());
  for (const auto& [count, type] : runs) {
    put_unsigned(out, count);
    put(out, type);
  }
}

Bytes whole_body(const FunctionBody& body) {
  Bytes out;
  put_locals(out, body.locals);
  out.insert(out.end(), body.code.bytes().begin(), body.code.bytes().end());
  out.push_back(op::end.code);
  return out;
}

}  // namespace

std::string module_name(unsigned module) {
  return fmt::format("m{}", module);
}

Assembly::Assembly(unsigned modules, bool has_host, bool with_text)
    : has_host_(has_host), with_text_(with_text), modules_(modules) {
  if (modules > 1) add_table(nullable(heap::func), 0);
}

std::uint32_t Assembly::next_helper() const {
  return imported_functions() + static_cast<std::uint32_t>(helpers_.size());
}

std::uint32_t Assembly::add_helper(std::string_view name, std::uint32_t type, FunctionBody body) {
  const std::uint32_t index = next_helper();
  helpers_.push_back({std::string(name), type, std::move(body)});
  return index;
}

std::uint32_t Assembly::add_tag(const TypeList& params, const TypeList& results) {
  tags_.push_back({types_.function(params, results)});
  return static_cast<std::uint32_t>(tags_.size() - 1);
}

std::uint32_t Assembly::add_global(const ValType& type) {
  globals_.push_back(type);
  return static_cast<std::uint32_t>(globals_.size() - 1);
}

std::uint32_t Assembly::add_table(const ValType& type, std::uint32_t size) {
  tables_.push_back({type, size});
  return static_cast<std::uint32_t>(tables_.size() - 1);
}

Assembly::Function Assembly::add_function(unsigned module, std::uint32_t type, FunctionBody body) {
  const auto [at, is_new] = known_.try_emplace({module, type, whole_body(body)},
                                               static_cast<Function>(functions_.size()));
  if (is_new) {
    auto& own = modules_[module].functions;
    const auto index = static_cast<std::uint32_t>(next_helper() + own.size());
    own.push_back(at->second);
    functions_.push_back({module, type, index, std::move(body)});
  }
  return at->second;
}

std::uint32_t Assembly::shared_slot(Function function) {
  Placed& placed = functions_[function];
  if (placed.shared_slot < 0) placed.shared_slot = shared_++;
  return static_cast<std::uint32_t>(placed.shared_slot);
}

void Assembly::push_function(Code& code, unsigned from_module, Function function) {
  Placed& placed = functions_[function];
  if (placed.module == from_module) {
    placed.is_referred = true;
    code.emit(op::ref_func, placed.index);
    return;
  }
  code.i32(static_cast<std::int32_t>(shared_slot(function)));
  code.emit(op::table_get, shared_table);
  code.heap(op::ref_cast, placed.type);
}

void Assembly::call_function(Code& code, unsigned from_module, Function function) {
  const Placed& placed = functions_[function];
  if (placed.module == from_module) return code.emit(op::call, placed.index);
  push_function(code, from_module, function);
  code.emit(op::call_ref, placed.type);
}

void Assembly::export_function(std::string_view name, Function function) {
  exports_.emplace_back(name, function);
}

/// Writes one module.
class Assembly::Writer {
 public:
  Writer(const Assembly& all, unsigned number)
      : all_(all), number_(number), content_(all.modules_[number]), is_first_(number == 0) {}

  Module write() {
    out_ = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};
    text_ = "(module\n";
    section(1, [this] { all_.types_.encode(part_); });
    if (all_.with_text_) text_ += all_.types_.text();
    imports();
    functions();
    if (is_first_) definitions();
    exports();
    elements();
    bodies();
    text_ += ")\n";
    return {module_name(number_), std::move(out_), all_.with_text_ ? std::move(text_) : ""};
  }

 private:
  enum Kind : std::uint8_t { function = 0, table = 1, global = 3, tag = 4 };

  template <class Fill>
  void section(std::uint8_t id, Fill fill) {
    part_.clear();
    fill();
    if (part_.empty()) return;
    out_.push_back(id);
    put_unsigned(out_, part_.size());
    out_.insert(out_.end(), part_.begin(), part_.end());
  }

  template <class... Args>
  void text(fmt::format_string<Args...> format, Args&&... args) {
    if (all_.with_text_) {
      text_ += fmt::format(format, std::forward<Args>(args)...);
      text_ += '\n';
    }
  }

  void import(std::string_view module, std::string_view name, Kind kind, std::string_view words) {
    put_name(part_, module);
    put_name(part_, name);
    part_.push_back(kind);
    text("  (import \"{}\" \"{}\" {})", module, name, words);
  }

  void imports() {
    const std::size_t shared =
        all_.helpers_.size() + all_.tables_.size() + all_.tags_.size() + all_.globals_.size();
    const std::size_t count = all_.imported_functions() + (is_first_ ? 0 : shared);
    if (count == 0) return;
    section(2, [&] {
      put_unsigned(part_, count);
      if (all_.has_host_) {
        import("host", "enter", function, fmt::format("(func (type {}))", host_enter_type()));
        put_unsigned(part_, host_enter_type());
        import("host", "collect", function, fmt::format("(func (type {}))", no_values_type()));
        put_unsigned(part_, no_values_type());
      }
      if (is_first_) return;
      import_shared();
    });
  }

  void import_shared() {
    const std::string first = module_name(0);
    for (const Helper& helper : all_.helpers_) {
      import(first, helper.name, function, fmt::format("(func (type {}))", helper.type));
      put_unsigned(part_, helper.type);
    }
    for (std::uint32_t index = 0; index < all_.tables_.size(); ++index) {
      import(first, fmt::format("t{}", index), table, table_words(index));
      put_table(index);
    }
    for (std::uint32_t index = 0; index < all_.tags_.size(); ++index) {
      import(first, fmt::format("e{}", index), tag,
             fmt::format("(tag (type {}))", all_.tags_[index].type));
      put_tag(index);
    }
    for (std::uint32_t index = 0; index < all_.globals_.size(); ++index) {
      import(first, fmt::format("g{}", index), global,
             fmt::format("(global (mut {}))", text_of(all_.globals_[index])));
      put_global_type(index);
    }
  }

  std::uint32_t host_enter_type() const { return all_.host_types_.first; }
  std::uint32_t no_values_type() const { return all_.host_types_.second; }

  std::uint32_t table_size(std::uint32_t index) const {
    return index == shared_table && all_.modules_.size() > 1 ? all_.shared_
                                                             : all_.tables_[index].size;
  }
  std::string table_words(std::uint32_t index) const {
    return fmt::format("(table {} {})", table_size(index), text_of(all_.tables_[index].type));
  }
  void put_table(std::uint32_t index) {
    put(part_, all_.tables_[index].type);
    part_.push_back(0x00);
    put_unsigned(part_, table_size(index));
  }
  void put_tag(std::uint32_t index) {
    part_.push_back(0x00);
    put_unsigned(part_, all_.tags_[index].type);
  }
  void put_global_type(std::uint32_t index) {
    put(part_, all_.globals_[index]);
    part_.push_back(0x01);
  }

  void functions() {
    const std::size_t helpers = is_first_ ? all_.helpers_.size() : 0;
    section(3, [&] {
      put_unsigned(part_, helpers + content_.functions.size());
      for (std::size_t index = 0; index < helpers; ++index) {
        put_unsigned(part_, all_.helpers_[index].type);
      }
      for (const Function function : content_.functions) {
        put_unsigned(part_, all_.functions_[function].type);
      }
    });
  }

  void definitions() {
    if (!all_.tables_.empty()) {
      section(4, [&] {
        put_unsigned(part_, all_.tables_.size());
        for (std::uint32_t index = 0; index < all_.tables_.size(); ++index) {
          put_table(index);
          text("  {}", table_words(index));
        }
      });
    }
    section(13, [&] {
      put_unsigned(part_, all_.tags_.size());
      for (std::uint32_t index = 0; index < all_.tags_.size(); ++index) {
        put_tag(index);
        text("  (tag (;{};) (type {}))", index, all_.tags_[index].type);
      }
    });
    section(6, [&] {
      put_unsigned(part_, all_.globals_.size());
      for (std::uint32_t index = 0; index < all_.globals_.size(); ++index) {
        put_global_type(index);
        Code initial(all_.with_text_);
        const ValType& type = all_.globals_[index];
        if (is_reference(type)) {
          initial.heap(op::ref_null, type.heap);
        } else if (type == i32_type) {
          initial.i32(0);
        } else {
          initial.i64(0);
        }
        part_.insert(part_.end(), initial.bytes().begin(), initial.bytes().end());
        part_.push_back(op::end.code);
        text("  (global (;{};) (mut {}) ({}))", index, text_of(type), trimmed(initial.text()));
      }
    });
  }

  static std::string_view trimmed(std::string_view words) {
    words.remove_prefix(std::min(words.find_first_not_of(' '), words.size()));
    return words.substr(0, words.find('\n'));
  }

  void export_one(std::string_view name, Kind kind, std::uint32_t index, std::string_view word) {
    put_name(part_, name);
    part_.push_back(kind);
    put_unsigned(part_, index);
    text("  (export \"{}\" ({} {}))", name, word, index);
  }

  void exports() {
    const bool is_last = number_ + 1 == all_.modules_.size();
    const bool shares = is_first_ && !is_last;
    const std::size_t count =
        (is_last ? all_.exports_.size() : 0) +
        (shares ? all_.helpers_.size() + all_.tables_.size() + all_.tags_.size() +
                      all_.globals_.size()
                : 0);
    if (count == 0) return;
    section(7, [&] {
      put_unsigned(part_, count);
      if (shares) {
        for (std::uint32_t index = 0; index < all_.helpers_.size(); ++index) {
          export_one(all_.helpers_[index].name, function, all_.imported_functions() + index, "func");
        }
        for (std::uint32_t index = 0; index < all_.tables_.size(); ++index) {
          export_one(fmt::format("t{}", index), table, index, "table");
        }
        for (std::uint32_t index = 0; index < all_.tags_.size(); ++index) {
          export_one(fmt::format("e{}", index), tag, index, "tag");
        }
        for (std::uint32_t index = 0; index < all_.globals_.size(); ++index) {
          export_one(fmt::format("g{}", index), global, index, "global");
        }
      }
      if (is_last) {
        for (const auto& [name, exported] : all_.exports_) {
          export_one(name, function, all_.functions_[exported].index, "func");
        }
      }
    });
  }

  /// Functions that other modules reach, one segment each, and those that ref.func names.
  void elements() {
    std::vector<const Placed*> shared;
    std::vector<const Placed*> referred;
    for (const Function function : content_.functions) {
      const Placed& placed = all_.functions_[function];
      if (placed.shared_slot >= 0) shared.push_back(&placed);
      if (placed.is_referred) referred.push_back(&placed);
    }
    const auto& helpers = is_first_ ? all_.referred_helpers_ : no_helpers_;
    if (shared.empty() && referred.empty() && helpers.empty()) return;
    const bool declares = !referred.empty() || !helpers.empty();
    section(9, [&] {
      put_unsigned(part_, shared.size() + (declares ? 1 : 0));
      for (const Placed* const placed : shared) {
        part_.push_back(0x00);  // Into table 0, which is the shared one.
        Code offset(all_.with_text_);
        offset.i32(static_cast<std::int32_t>(placed->shared_slot));
        part_.insert(part_.end(), offset.bytes().begin(), offset.bytes().end());
        part_.push_back(op::end.code);
        put_unsigned(part_, 1);
        put_unsigned(part_, placed->index);
        text("  (elem (i32.const {}) func {})", placed->shared_slot, placed->index);
      }
      if (!declares) return;
      part_.push_back(0x03);
      part_.push_back(0x00);
      put_unsigned(part_, referred.size() + helpers.size());
      std::string words;
      const auto declare = [&](std::uint32_t index) {
        put_unsigned(part_, index);
        if (all_.with_text_) words += fmt::format(" {}", index);
      };
      for (const std::uint32_t helper : helpers) {
        declare(helper);
      }
      for (const Placed* const placed : referred) {
        declare(placed->index);
      }
      text("  (elem declare func{})", words);
    });
  }

  void body(std::uint32_t index, std::uint32_t type, const FunctionBody& body,
            std::string_view name) {
    const Bytes whole = whole_body(body);
    put_unsigned(part_, whole.size());
    part_.insert(part_.end(), whole.begin(), whole.end());
    if (!all_.with_text_) return;
    text_ += fmt::format("  (func (;{};) (type {})", index, type);
    if (!name.empty()) text_ += fmt::format(" ;; {}", name);
    text_ += '\n';
    if (!body.locals.empty()) {
      text_ += "    (local";
      for (const ValType& local : body.locals) {
        text_ += ' ' + text_of(local);
      }
      text_ += ")\n";
    }
    text_ += body.code.text();
    text_ += "  )\n";
  }

  void bodies() {
    const std::size_t helpers = is_first_ ? all_.helpers_.size() : 0;
    section(10, [&] {
      put_unsigned(part_, helpers + content_.functions.size());
      for (std::uint32_t index = 0; index < helpers; ++index) {
        const Helper& helper = all_.helpers_[index];
        body(all_.imported_functions() + index, helper.type, helper.body, helper.name);
      }
      for (const Function function : content_.functions) {
        const Placed& placed = all_.functions_[function];
        body(placed.index, placed.type, placed.body, "");
      }
    });
  }

  const Assembly& all_;
  unsigned number_;
  const Content& content_;
  bool is_first_;
  const std::vector<std::uint32_t> no_helpers_;
  Bytes out_;
  Bytes part_;
  std::string text_;
};

std::vector<Module> Assembly::finish() {
  host_types_ = {types_.function({i32_type}, {}), types_.function({}, {})};
  std::vector<Module> modules;
  for (unsigned number = 0; number < modules_.size(); ++number) {
    modules.push_back(Writer(*this, number).write());
  }
  return modules;
}

}  // namespace fiberproof::fuzz::wasm
