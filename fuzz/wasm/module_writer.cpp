// The modules of an assembly in the binary format, section after section, and as text.
#include "fuzz/wasm/assembly.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fiberproof::fuzz::wasm {

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
    return {.name = all_.is_library_ ? "lib" : module_name(number_),
            .bytes = std::move(out_),
            .text = all_.with_text_ ? std::move(text_) : "",
            .is_shared = all_.is_library_};
  }

 private:
  enum class Kind : std::uint8_t { function = 0, table = 1, global = 3, tag = 4 };

  template <class Fill>
  void section(std::uint8_t id, Fill fill) {
    part_.clear();
    fill();
    if (part_.empty() || (part_.size() == 1 && part_[0] == 0)) return;  // Nothing, or none of it.
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
    part_.push_back(static_cast<std::uint8_t>(kind));
    text("  (import \"{}\" \"{}\" {})", module, name, words);
  }

  void imports() {
    const std::size_t own = all_.helpers_.size() + all_.tables_.size() + all_.tags_.size() -
                            all_.imported_tags_.size() + all_.globals_.size() -
                            all_.imported_globals_.size();
    const std::size_t count = all_.imported_functions() + all_.imported_tags_.size() +
                              all_.imported_globals_.size() + (is_first_ ? 0 : own);
    if (count == 0) return;
    section(2, [&] {
      put_unsigned(part_, count);
      for (const auto& [from, type] : all_.imported_functions_) {
        import_function(from.module, from.name, type);
      }
      const std::string first = module_name(0);
      for (const Helper& helper : all_.helpers_) {
        if (!is_first_) import_function(first, helper.name, helper.type);
      }
      for (std::uint32_t index = 0; index < all_.tables_.size() && !is_first_; ++index) {
        import(first, fmt::format("t{}", index), Kind::table, table_words(index));
        put_table(index);
      }
      import_all(all_.imported_tags_, all_.tags_.size(), "e",
                 [this](const Import& from, std::uint32_t index) {
                   import(from.module, from.name, Kind::tag,
                          fmt::format("(tag (type {}))", all_.tags_[index].type));
                   put_tag(index);
                 });
      import_all(all_.imported_globals_, all_.globals_.size(), "g",
                 [this](const Import& from, std::uint32_t index) {
                   import(from.module, from.name, Kind::global,
                          fmt::format("(global (mut {}))", text_of(all_.globals_[index])));
                   put_global_type(index);
                 });
    });
  }

  void import_function(std::string_view module, std::string_view name, std::uint32_t type) {
    import(module, name, Kind::function, fmt::format("(func (type {}))", type));
    put_unsigned(part_, type);
  }

  /// Imports all of `from`; a later module also imports the ones that the first module defines.
  template <class One>
  void import_all(const std::vector<Import>& from, std::size_t count, std::string_view letter,
                  One one) {
    for (std::uint32_t index = 0; index < count; ++index) {
      if (index < from.size()) {
        one(from[index], index);
      } else if (!is_first_) {
        one({module_name(0), fmt::format("{}{}", letter, index)}, index);
      }
    }
  }

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
    const auto first_tag = static_cast<std::uint32_t>(all_.imported_tags_.size());
    section(13, [&] {
      put_unsigned(part_, all_.tags_.size() - first_tag);
      for (std::uint32_t index = first_tag; index < all_.tags_.size(); ++index) {
        put_tag(index);
        text("  (tag (;{};) (type {}))", index, all_.tags_[index].type);
      }
    });
    const auto first_global = static_cast<std::uint32_t>(all_.imported_globals_.size());
    section(6, [&] {
      put_unsigned(part_, all_.globals_.size() - first_global);
      for (std::uint32_t index = first_global; index < all_.globals_.size(); ++index) {
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
    part_.push_back(static_cast<std::uint8_t>(kind));
    put_unsigned(part_, index);
    text("  (export \"{}\" ({} {}))", name, word, index);
  }

  void exports() {
    const bool is_last = number_ + 1 == all_.modules_.size();
    const bool shares = is_first_ && (!is_last || all_.is_library_);
    const auto first_tag = static_cast<std::uint32_t>(all_.imported_tags_.size());
    const auto first_global = static_cast<std::uint32_t>(all_.imported_globals_.size());
    const std::size_t count =
        (is_last ? all_.exports_.size() : 0) +
        (shares ? all_.helpers_.size() + all_.tables_.size() + all_.tags_.size() - first_tag +
                      all_.globals_.size() - first_global
                : 0);
    if (count == 0) return;
    section(7, [&] {
      put_unsigned(part_, count);
      if (shares) {
        for (std::uint32_t index = 0; index < all_.helpers_.size(); ++index) {
          export_one(all_.helpers_[index].name, Kind::function, all_.imported_functions() + index,
                     "func");
        }
        for (std::uint32_t index = 0; index < all_.tables_.size(); ++index) {
          export_one(fmt::format("t{}", index), Kind::table, index, "table");
        }
        for (std::uint32_t index = first_tag; index < all_.tags_.size(); ++index) {
          export_one(fmt::format("e{}", index), Kind::tag, index, "tag");
        }
        for (std::uint32_t index = first_global; index < all_.globals_.size(); ++index) {
          export_one(fmt::format("g{}", index), Kind::global, index, "global");
        }
      }
      if (is_last) {
        for (const auto& [name, exported] : all_.exports_) {
          export_one(name, Kind::function, all_.functions_[exported].index, "func");
        }
      }
    });
  }

  /// Writes the segments: functions that go into tables, and functions that ref.func names.
  void elements() {
    std::vector<std::vector<Placement>> segments;
    for (const Placement& placement : all_.placements_) {
      if (all_.functions_[placement.function].module != number_) continue;
      const bool follows = !segments.empty() && segments.back().back().table == placement.table &&
                           segments.back().back().place + 1 == placement.place;
      if (!follows) segments.emplace_back();
      segments.back().push_back(placement);
    }
    std::vector<std::uint32_t> declared =
        is_first_ ? all_.referred_helpers_ : std::vector<std::uint32_t>{};
    for (const Function function : content_.functions) {
      const Placed& placed = all_.functions_[function];
      if (placed.is_referred) declared.push_back(placed.index);
    }
    if (segments.empty() && declared.empty()) return;
    section(9, [&] {
      put_unsigned(part_, segments.size() + (declared.empty() ? 0 : 1));
      for (const auto& segment : segments) {
        part_.push_back(0x02);  // Active, into the table that follows.
        put_unsigned(part_, segment[0].table);
        part_.push_back(op::i32_const.code);
        put_signed(part_, segment[0].place);
        part_.push_back(op::end.code);
        part_.push_back(0x00);
        std::vector<std::uint32_t> indices;
        for (const Placement& placement : segment) {
          indices.push_back(all_.functions_[placement.function].index);
        }
        put_indices(indices,
                    fmt::format("(table {}) (i32.const {})", segment[0].table, segment[0].place));
      }
      if (declared.empty()) return;
      part_.push_back(0x03);  // Declared alone.
      part_.push_back(0x00);
      put_indices(declared, "declare");
    });
  }

  void put_indices(const std::vector<std::uint32_t>& indices, std::string_view words) {
    put_unsigned(part_, indices.size());
    std::string list;
    for (const std::uint32_t index : indices) {
      put_unsigned(part_, index);
      if (all_.with_text_) list += fmt::format(" {}", index);
    }
    text("  (elem {} func{})", words, list);
  }

  void body(std::uint32_t index, std::uint32_t type, const FunctionBody& body,
            std::string_view name) {
    const Bytes whole = body.encoded();
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
  Bytes out_;
  Bytes part_;
  std::string text_;
};

std::vector<Module> Assembly::finish() {
  std::vector<Module> modules;
  for (unsigned number = 0; number < modules_.size(); ++number) {
    modules.push_back(Writer(*this, number).write());
  }
  return modules;
}

}  // namespace fiberproof::fuzz::wasm
