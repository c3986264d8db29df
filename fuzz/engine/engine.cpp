#include "fuzz/engine/engine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <utility>

namespace fiberproof::fuzz::engine {
namespace {

constexpr std::string_view loop_mark = "{loop}";
constexpr std::string_view batch_mark = "{batch}";

// The default arguments of a program that is named without any.
struct DefaultArguments {
  std::string_view program;  // the beginning of its file name
  Protocol protocol;
  std::vector<std::string> arguments;
};

// Wasmtime's cache on disk is off: with it, a second run would test the code of the first.
const std::array<DefaultArguments, 4>& default_arguments() {
  static const std::array<DefaultArguments, 4> all{{
      {"wasmtime",
       Protocol::wast,
       {"wast", "-C", "cache=n", "-W",
        "stack-switching=y,function-references=y,gc=y,exceptions=y"}},
      {"deno",
       Protocol::javascript,
       {"run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--allow-read",
        "--v8-flags=--experimental-wasm-wasmfx,--expose-gc"}},
      {"node", Protocol::javascript, {"--experimental-wasm-wasmfx", "--expose-gc"}},
      {"d8",
       Protocol::javascript,
       {"--experimental-wasm-wasmfx", "--expose-gc", std::string(loop_mark), "--",
        std::string(batch_mark)}},
  }};
  return all;
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

void add_default_arguments(Engine& engine) {
  if (engine.command.size() != 1) return;
  for (const DefaultArguments& one : default_arguments()) {
    if (one.protocol != engine.protocol) continue;
    if (!file_name(engine.command.front()).starts_with(one.program)) continue;
    engine.command.insert(engine.command.end(), one.arguments.begin(), one.arguments.end());
    return;
  }
}

// Words between blanks; nothing where a quotation does not end.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool is_word = false;
  bool is_quoted = false;
  for (const char letter : text) {
    if (letter == '"') {
      is_quoted = !is_quoted;
      is_word = true;
    } else if (!is_quoted && (letter == ' ' || letter == '\t' || letter == '\r')) {
      if (std::exchange(is_word, false)) words.push_back(std::exchange(word, {}));
    } else {
      word += letter;
      is_word = true;
    }
  }
  if (is_quoted) return std::nullopt;
  if (is_word) words.push_back(word);
  return words;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '.' ||
           letter == '-' || letter == '_';
  });
}

std::optional<Protocol> protocol_of(std::string_view word) {
  if (word == word_of(Protocol::wast)) return Protocol::wast;
  if (word == word_of(Protocol::javascript)) return Protocol::javascript;
  return std::nullopt;
}

std::string name_error(std::string_view name) {
  return fmt::format("'{}' is no name of an engine: use letters, digits, '.', '-' and '_'", name);
}

std::expected<Engine, std::string> parse_line(const std::vector<std::string>& words) {
  constexpr std::size_t words_min = 4;
  if (words.size() < words_min) {
    return std::unexpected("an engine is NAME VERSION PROTOCOL COMMAND…, with VERSION auto to ask");
  }
  Engine engine;
  engine.name = words[0];
  if (!is_name(engine.name)) return std::unexpected(name_error(engine.name));
  if (words[1] != "auto") engine.version = words[1];
  const auto protocol = protocol_of(words[2]);
  if (!protocol) {
    return std::unexpected(fmt::format("'{}' is no protocol: write wast or js", words[2]));
  }
  engine.protocol = *protocol;
  engine.command.assign(words.begin() + 3, words.end());
  return engine;
}

void begin_at_folder(std::string& program, const std::string& table) {
  if (program.find('/') == program.npos || program.starts_with('/')) return;
  program = (std::filesystem::path(table).parent_path() / program).string();
}

}  // namespace

std::string_view word_of(Protocol protocol) {
  return protocol == Protocol::wast ? "wast" : "js";
}

std::expected<std::vector<Engine>, std::string> parse_engine_table(std::string_view text,
                                                                   const std::string& path) {
  std::vector<Engine> engines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    const auto wrong = [&](std::string_view why) {
      return std::unexpected(fmt::format("{}:{}: {}", path, number, why));
    };
    const auto words = words_of(line);
    if (!words) return wrong("a quotation does not end on its line");
    if (words->empty() || words->front().starts_with('#')) continue;
    auto engine = parse_line(*words);
    if (!engine) return wrong(engine.error());
    if (std::ranges::find(engines, engine->name, &Engine::name) != engines.end()) {
      return wrong(fmt::format("there are two engines '{}': give one another name", engine->name));
    }
    begin_at_folder(engine->command.front(), path);
    add_default_arguments(*engine);
    engines.push_back(std::move(*engine));
  }
  return engines;
}

std::expected<Engine, std::string> parse_engine_option(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected(fmt::format("--engine {}: {}", text, why));
  };
  const std::size_t equals = text.find('=');
  if (equals == text.npos)
    return wrong("write NAME=COMMAND…, such as mine=target/release/wasmtime");
  Engine engine;
  engine.name = text.substr(0, equals);
  const auto words = words_of(std::string_view(text).substr(equals + 1));
  if (!words || words->empty()) return wrong("there is no command behind '='");
  engine.command = *words;
  const bool names_wasmtime = text.find("wasmtime", equals) != text.npos;
  engine.protocol = names_wasmtime ? Protocol::wast : Protocol::javascript;
  if (const std::size_t colon = engine.name.find(':'); colon != engine.name.npos) {
    const auto protocol = protocol_of(std::string_view(engine.name).substr(colon + 1));
    if (!protocol) return wrong("behind ':' stands a protocol: wast or js");
    engine.protocol = *protocol;
    engine.name.resize(colon);
  }
  if (!is_name(engine.name)) return wrong(name_error(engine.name));
  add_default_arguments(engine);
  return engine;
}

std::vector<std::string> batch_command(const Engine& engine, const std::string& loop,
                                       const std::string& batch) {
  std::vector<std::string> words = engine.command;
  bool is_placed = false;
  for (std::string& word : words) {
    if (word == loop_mark) word = loop;
    if (word == batch_mark) {
      word = batch;
      is_placed = true;
    }
  }
  if (is_placed) return words;
  if (engine.protocol == Protocol::javascript) words.push_back(loop);
  words.push_back(batch);
  return words;
}

std::string version_in(std::span<const std::string> lines) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  std::string first;
  for (const std::string& line : lines) {
    const std::size_t begin =
        static_cast<std::size_t>(std::ranges::find_if(line, is_digit) - line.begin());
    const bool is_of_v8 = line.starts_with("v8 ");
    const std::size_t at = is_of_v8 ? std::string_view("v8 ").size() : begin;
    if (at >= line.size() || !is_digit(line[at])) continue;
    std::string version = line.substr(at, line.find_first_not_of("0123456789.", at) - at);
    while (version.ends_with('.')) version.pop_back();
    if (is_of_v8) return version;
    if (first.empty() && version.find('.') != version.npos) first = version;
  }
  return first;
}

}  // namespace fiberproof::fuzz::engine
