#include "verify/cli/project_file.hpp"

#include "verify/cli/suggestion.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <compare>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

// Reads one file, and collects everything that is wrong with it.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path), folder_(filesystem::path(path).parent_path()) {}

  void fault(const toml::source_position& at, std::string_view reason) {
    faults_.push_back({at.line, at.column, std::string(reason)});
  }
  void fault(const toml::node& node, std::string_view reason) {
    fault(node.source().begin, reason);
  }

  ProjectFile project(const toml::table& root) {
    ProjectFile file;
    only_keys(root, {"prove", "engines"});
    if (const toml::node* const proofs = root.get("prove")) {
      if (!proofs->is_array_of_tables()) {
        fault(*proofs, "expected tables: write [[prove]]");
      } else {
        for (const toml::node& entry : *proofs->as_array()) {
          file.proofs.push_back(proof(*entry.as_table()));
        }
      }
    }
    if (const toml::node* const engines = root.get("engines")) {
      if (!engines->is_table()) {
        fault(*engines, "expected a table: write [engines]");
      } else {
        file.engines = engines_of(*engines->as_table());
      }
    }
    if (file.proofs.empty() && !file.engines && faults_.empty()) {
      fault({1, 1}, "nothing to check: write a [[prove]] with an object");
    }
    return file;
  }

  /// In the order of the file; a table has none of its own.
  std::vector<std::string> errors() {
    std::ranges::sort(faults_);
    std::vector<std::string> lines;
    for (const auto& [line, column, reason] : faults_) {
      lines.push_back(fmt::format("{}:{}:{}: {}", path_, line, column, reason));
    }
    return lines;
  }

 private:
  struct Fault {
    toml::source_index line;
    toml::source_index column;
    std::string reason;
    auto operator<=>(const Fault&) const = default;
  };

  void only_keys(const toml::table& table, std::initializer_list<const char*> known) {
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [key, value] : table) {
      if (std::ranges::find(names, key.str()) != names.end()) continue;
      fault(key.source().begin,
            fmt::format("there is no key '{}' here{}", key.str(), did_you_mean(key.str(), names)));
    }
  }

  std::string text(const toml::node& node) {
    if (const auto value = node.value<std::string>(); value && node.is_string()) {
      if (!value->empty() && !value->contains('\0')) return *value;
    }
    fault(node, "expected a text that is not empty, in quotes");
    return {};
  }

  std::string text(const toml::table& table, const char* key) {
    const toml::node* const node = table.get(key);
    return node == nullptr ? "" : text(*node);
  }

  /// One text, or an array of them.
  std::vector<std::string> texts(const toml::node& node) {
    std::vector<std::string> all;
    if (const toml::array* const array = node.as_array()) {
      if (array->empty()) fault(node, "expected a text, or a list that is not empty");
      for (const toml::node& each : *array) all.push_back(text(each));
    } else {
      all.push_back(text(node));
    }
    return all;
  }

  std::optional<std::uint64_t> number(const toml::table& table, const char* key, std::int64_t least,
                                      std::int64_t most) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value<std::int64_t>();
    if (node->is_integer() && *value >= least && *value <= most) {
      return static_cast<std::uint64_t>(*value);
    }
    fault(*node, fmt::format("expected a whole number from {} to {}", least, most));
    return std::nullopt;
  }

  const toml::table* table_in(const toml::table& table, const char* key) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) fault(*node, fmt::format("expected a table: {} = {{ NAME = … }}", key));
    return node->as_table();
  }

  std::string from_here(const std::string& path) const {
    if (path.empty() || filesystem::path(path).is_absolute()) return path;
    return (folder_ / path).string();  // As it is: `..` behind a link is not the folder before it.
  }

  ProjectProof proof(const toml::table& entry) {
    only_keys(entry, {"object", "name", "symbol", "trampoline", "contract", "let", "only",
                      "timeout", "expected"});
    ProjectProof proof;
    proof.options.object = from_here(text(entry, "object"));
    if (entry.get("object") == nullptr) {
      fault(entry, "expected the object file of this proof: object = \"FILE\"");
    }
    proof.name = text(entry, "name");
    if (proof.name.empty()) proof.name = proof.options.object;
    proof.options.listed_for = proof.name;
    proof.options.code = code_of(entry);
    if (const toml::node* const contracts = entry.get("contract")) {
      for (const std::string& path : texts(*contracts)) {
        proof.options.contracts.push_back(from_here(path));
      }
    }
    if (const toml::table* const values = table_in(entry, "let")) {
      for (const auto& [key, value] : *values) {
        if (const auto given = number(*values, std::string(key.str()).c_str(), 0, INT64_MAX)) {
          proof.options.values.push_back(fmt::format("{}={}", key.str(), *given));
        }
      }
    }
    if (const toml::node* const names = entry.get("only")) proof.options.names = texts(*names);
    constexpr std::int64_t hour = 3'600'000;
    if (const auto limit = number(entry, "timeout", 1, hour)) {
      proof.options.timeout_ms = static_cast<unsigned>(*limit);
    }
    if (const toml::table* const expected = table_in(entry, "expected")) {
      proof.options.listed = expected_in(*expected);
    }
    return proof;
  }

  ForeignCode code_of(const toml::table& entry) {
    std::vector<std::string> pairs;
    if (const toml::table* const symbols = table_in(entry, "symbol")) {
      for (const auto& [role, places] : *symbols) {
        if (role.str().contains('=')) fault(role.source().begin, "a role has no '=' in its name");
        for (const std::string& place : texts(places)) {
          pairs.push_back(fmt::format("{}={}", role.str(), place));
        }
      }
    }
    std::optional<Trampoline> trampoline;
    if (const toml::node* const node = entry.get("trampoline")) {
      trampoline = trampoline_named(text(*node));
      if (!trampoline) fault(*node, "expected one of trap, v44, trap-asan");
    }
    auto code = ForeignCode::parse(pairs, trampoline);
    if (code) return std::move(*code);
    fault(*entry.get("symbol"), code.error());
    return {};
  }

  std::vector<ExpectedTheorem> expected_in(const toml::table& table) {
    std::vector<ExpectedTheorem> all;
    for (const auto& [name, verdict] : table) {
      const auto word = verdict.value<std::string>();
      if (!verdict.is_string() || (*word != "proved" && *word != "refuted")) {
        fault(verdict, "expected \"proved\" or \"refuted\"");
        continue;
      }
      all.push_back(
          {std::string(name.str()), *word == "proved" ? Verdict::proved : Verdict::refuted, {}});
    }
    return all;
  }

  EnginesCommand engines_of(const toml::table& table) {
    only_keys(table, {"engine", "programs", "seed", "known", "table"});
    EnginesCommand command;
    constexpr std::int64_t programs_most = 1'000'000'000;
    if (const auto programs = number(table, "programs", 1, programs_most)) {
      command.programs = *programs;
    }
    if (const auto seed = number(table, "seed", 0, UINT32_MAX)) command.seed = *seed;
    command.known = from_here(text(table, "known"));
    command.table = from_here(text(table, "table"));
    if (const toml::table* const engines = table_in(table, "engine")) {
      for (const auto& [name, node] : *engines) {
        std::string line = text(node);
        const bool is_of_here = line.substr(0, line.find(' ')).contains('/');
        if (is_of_here) line = from_here(line);
        command.engines.push_back(fmt::format("{}={}", name.str(), line));
      }
    }
    return command;
  }

  const std::string& path_;
  filesystem::path folder_;
  std::vector<Fault> faults_;
};

}  // namespace

std::expected<ProjectFile, std::vector<std::string>> read_project(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) {
    return std::unexpected(
        std::vector{fmt::format("{}: {}; fiberproof init --object FILE writes one", path,
                                std::strerror(errno == 0 ? EIO : errno))});
  }
  Reader reader(path);
  // Its reader recurses over each part of a key.
  constexpr std::size_t line_most = 10'000;
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > line_most) {
      return std::unexpected(
          std::vector{fmt::format("{}:{}: a line of more than {} bytes", path, number, line_most)});
    }
    begin = end + 1;
  }
  try {
    ProjectFile file = reader.project(toml::parse(text, path));
    auto errors = reader.errors();
    if (errors.empty()) return file;
    return std::unexpected(std::move(errors));
  } catch (const toml::parse_error& error) {
    reader.fault(error.source().begin, error.description());
  }
  return std::unexpected(reader.errors());
}

}  // namespace fiberproof::verify
