#include "verify/cli/init_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

constexpr std::string_view start_of_variants = "continuation_start";

// TOML 1.0, basic strings.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += letter;
    }
  }
  return out + '"';
}

// A name that needs no quotes is a bare key.
std::string key_text(std::string_view name) {
  const bool is_bare = !name.empty() && std::ranges::all_of(name, [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-';
  });
  return is_bare ? std::string(name) : toml_text(name);
}

std::string path_from(const filesystem::path& file, const std::string& path) {
  std::error_code unrelated;
  const auto folder = filesystem::absolute(file).parent_path();
  const auto relative = filesystem::relative(path, folder, unrelated);
  return unrelated || relative.empty() ? path : relative.string();
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + toml_text(text);
  return texts.size() == 1 ? list : fmt::format("[{}]", list);
}

// ROLE=PLACE pairs by role.
std::string symbol_line(const std::vector<std::string>& pairs) {
  std::map<std::string, std::vector<std::string>> roles;
  for (const std::string& pair : pairs) {
    const std::size_t sign = pair.find('=');
    roles[pair.substr(0, sign)].push_back(pair.substr(sign + 1));
  }
  std::string parts;
  for (const auto& [role, places] : roles) {
    parts += fmt::format("{}{} = {}", parts.empty() ? "" : ", ", key_text(role), list_of(places));
  }
  return parts.empty() ? "" : fmt::format("symbol = {{ {} }}\n", parts);
}

// The variant of the trampoline that was proved, so that the check does not look for another.
std::string trampoline_line(const ProofReport& report) {
  for (const Trampoline variant : all_trampolines) {
    const std::string suffix =
        variant == Trampoline::trap ? "" : fmt::format("_{}", name_of(variant));
    std::string contract = std::string(start_of_variants) + suffix;
    std::ranges::replace(contract, '-', '_');
    if (std::ranges::find(report.results, contract, &ContractResult::contract) !=
        report.results.end()) {
      return fmt::format("trampoline = {}\n", toml_text(name_of(variant)));
    }
  }
  return {};
}

struct Written {
  std::string text;
  std::size_t theorems = 0;
  std::size_t wanted = 0;  // not as they are wanted
};

// A refutation that the project's own list expects stays expected.
Written expected_lines(const ProofReport& report) {
  Written written;
  for (const ContractResult& result : report.results) {
    for (const Theorem& theorem : result.theorems) {
      const auto listed = std::ranges::find(report.expected, theorem.name, &ExpectedTheorem::name);
      const bool is_refuted_as_listed = listed != report.expected.end() &&
                                        listed->verdict == Verdict::refuted &&
                                        theorem.verdict == Verdict::refuted;
      const Verdict wanted = is_refuted_as_listed ? Verdict::refuted : Verdict::proved;
      written.text += fmt::format("{} = {}", toml_text(theorem.name), toml_text(name_of(wanted)));
      if (theorem.verdict != wanted) {
        written.text += fmt::format("  # {} today", name_of(theorem.verdict));
        ++written.wanted;
      }
      written.text += '\n';
      ++written.theorems;
    }
  }
  return written;
}

std::string text_of(const InitCommand& command, const ProofReport& report,
                    const std::string& expected) {
  std::string text =
      "# What `fiberproof check` asks of this repository's code. Every theorem is listed with the\n"
      "# verdict that is wanted: one that vanishes fails, and so does a new one.\n\n[[prove]]\n";
  text += fmt::format("object = {}\n", toml_text(path_from(command.output, command.prove.object)));
  text += symbol_line(command.symbols) + trampoline_line(report);
  std::vector<std::string> contracts;
  for (const std::string& path : command.prove.contracts) {
    contracts.push_back(path_from(command.output, path));
  }
  if (!contracts.empty()) text += fmt::format("contract = {}\n", list_of(contracts));
  std::string values;
  for (const std::string& value : command.prove.values) {
    const std::size_t sign = value.find('=');
    values += fmt::format("{}{} = {}", values.empty() ? "" : ", ", key_text(value.substr(0, sign)),
                          value.substr(sign + 1));
  }
  if (!values.empty()) text += fmt::format("let = {{ {} }}\n", values);
  return text + "\n[prove.expected]\n" + expected;
}

ExitStatus could_not_run(const std::string& line) {
  complain(line);
  return ExitStatus::could_not_run;
}

}  // namespace

ExitStatus write_project(const InitCommand& command, nlohmann::json& results) {
  if (command.prove.object.empty()) {
    return could_not_run("init: say which file has the code: --object FILE");
  }
  if (command.output.empty() || command.output == "-") {
    return could_not_run("init: -o needs the name of a file");
  }
  for (const std::string& path : command.prove.contracts) {
    if (std::ranges::count(command.prove.contracts, path) > 1) {
      return could_not_run(fmt::format("--contract {} is given twice", path));
    }
  }
  if (filesystem::exists(command.output)) {
    return could_not_run(fmt::format(
        "{}: exists already, and is not overwritten; name another file with -o", command.output));
  }
  const auto file = OutputFile::prepare(command.output);
  if (!file) return could_not_run("-o " + file.error());
  const ProofReport report = run_proofs(command.prove);
  if (report.results.empty() || is_interrupted()) return ExitStatus::could_not_run;
  const Written expected = expected_lines(report);
  const std::string text = text_of(command, report, expected.text);
  if (const auto written = file->write(text); !written) return could_not_run(written.error());
  results = {{"path", command.output}, {"text", text}};
  fmt::print(
      "{}: {} of {}{}; check them with: fiberproof check {}\n", command.output,
      counted(expected.theorems, "theorem"), command.prove.object,
      expected.wanted == 0 ? "" : fmt::format(", {} of them not proved today", expected.wanted),
      shell_word(command.output));
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
