#include "verify/cli/engine_modules.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/engine_process.hpp"
#include "verify/cli/wording.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/object/object_file.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/process/interruption.hpp"
#include "verify/process/temporary_folder.hpp"
#include "verify/survey/survey.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t seed = 19;  // any: the modules are the same each time
constexpr double seconds_max = 30;  // to compile one module
constexpr std::chrono::milliseconds time_limit{10'000};

// The contracts about one switch by itself, as the command has them.
std::vector<Contract> switch_contracts() {
  std::vector<Contract> contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    auto contract = parse_contract(text, std::string(path));
    if (contract && is_of_any_switch(*contract) && contract->runs.size() == 1)
      contracts.push_back(std::move(*contract));
  }
  return contracts;
}

bool compile(const fuzz::engine::Engine& engine, const fuzz::engine::RunEngine& run,
             const std::string& module, const std::string& compiled) {
  fuzz::engine::EngineCommand command;
  command.arguments = {engine.command.front(),
                       "compile",
                       "-W",
                       "stack-switching=y,function-references=y,gc=y,exceptions=y",
                       module,
                       "-o",
                       compiled};
  command.seconds_max = seconds_max;
  const auto end = run(command);
  std::error_code ignored;
  return end.started && end.exit_code == 0 && std::filesystem::is_regular_file(compiled, ignored);
}

// The different switches of all files so far.
class DifferentSwitches {
 public:
  void add(const Survey& found) {
    for (const FoundSwitch& one : found.switches) {
      const bool is_known = std::ranges::any_of(known_, [&one](const FoundSwitch& other) {
        return other.code.bytes == one.code.bytes && other.load == one.load &&
               other.store == one.store;
      });
      if (!is_known) known_.push_back(one);
    }
  }
  std::size_t count() const { return known_.size(); }

 private:
  std::vector<FoundSwitch> known_;
};

}  // namespace

std::expected<CompiledModules, std::string> compile_modules(const fuzz::engine::Engine& engine,
                                                            const EngineParts& parts,
                                                            std::size_t count,
                                                            const std::string& folder) {
  const auto run = engine_runner(folder);
  CompiledModules made;
  fuzz::Random random(seed);
  const auto program = std::make_unique<fuzz::Program>();
  for (std::size_t index = 0; index < count && !is_interrupted(); ++index) {
    *program = {};
    parts.generate(random, *program);
    const auto translated = parts.translate(*program, {});
    std::size_t number = 0;
    for (const fuzz::wasm::Module& module : translated.modules) {
      if (module.is_shared) continue;
      const std::string path = fmt::format("{}/program-{}-{}", folder, index, number++);
      std::ofstream file(path + ".wasm", std::ios::binary);
      file.write(reinterpret_cast<const char*>(module.bytes.data()),
                 static_cast<std::streamsize>(module.bytes.size()));
      file.close();
      if (!file) return std::unexpected(fmt::format("{}.wasm: cannot be written", path));
      if (compile(engine, run, path + ".wasm", path + ".cwasm")) {
        made.paths.push_back(path + ".cwasm");
      } else {
        ++made.not_compiled;
      }
    }
  }
  return made;
}

std::expected<ModuleProofs, std::string> prove_modules(const std::vector<std::string>& paths) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Contract> contracts = switch_contracts();
  const auto solver = make_remembering_solver(make_z3_solver(time_limit));
  ModuleProofs made;
  DifferentSwitches different;
  for (const std::string& path : paths) {
    const auto file = ObjectFile::open(path);
    if (!file) return std::unexpected(message(file.error()));
    const Survey found = survey(*file);
    ++made.modules;
    made.switches += found.switches.size();
    for (const NearMiss& miss : found.near_misses) {
      made.misses.push_back(fmt::format(
          "{}: {}: {}", path, place_name(*file, load_address(*file, miss.address)), miss.reason));
    }
    different.add(found);
    for (const Contract& contract : contracts) {
      if (found.switches.empty()) break;
      ProverOptions options;
      options.survey = &found;
      options.proves_found_switches = true;
      const auto result = prove(contract, *file, *solver, options);
      if (!result) return std::unexpected(result.error());
      for (const Theorem& theorem : result->theorems) {
        if (theorem.verdict == Verdict::proved) {
          ++made.theorems;
        } else {
          made.wrong.push_back(
              theorem.verdict == Verdict::refuted
                  ? fmt::format("{}: {} is refuted", path, theorem.name)
                  : fmt::format("{}: {} is unknown: {}", path, theorem.name, theorem.reason));
        }
      }
    }
  }
  made.different = different.count();
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return made;
}

ExitStatus prove_compiled_modules(const fuzz::engine::Engine& engine, const EngineParts& parts,
                                  std::size_t count, const std::string& counterexamples) {
  const TemporaryFolder folder;
  const auto compiled = compile_modules(engine, parts, count, folder.path());
  if (!compiled) return complain(compiled.error()), ExitStatus::could_not_run;
  const auto proofs = prove_modules(compiled->paths);
  if (!proofs) return complain(proofs.error()), ExitStatus::could_not_run;
  fmt::print(
      "{} {}: {} switches, {} different, in {} that its compiler makes of {}: {} proved in "
      "{:.1f} s, {}, {} that may leave a stack otherwise\n",
      engine.name, engine.version, proofs->switches, proofs->different,
      counted(proofs->modules, "module"), counted(count, "random Program"),
      counted(proofs->theorems, "theorem"), proofs->seconds,
      proofs->wrong.empty() ? "none refuted" : fmt::format("{} not", proofs->wrong.size()),
      counted(proofs->misses.size(), "place"));
  if (compiled->not_compiled > 0) {
    fmt::print("{} {}: {} left out, since it does not compile them\n", engine.name, engine.version,
               counted(compiled->not_compiled, "module"));
  }
  if (compiled->paths.empty() && !is_interrupted()) {
    complain(fmt::format("{}: compiles none of {}", engine.name, counted(count, "Program")));
    return ExitStatus::could_not_run;
  }
  for (const std::string& line : proofs->wrong) {
    const std::filesystem::path path(line.substr(0, line.find(": ")));
    if (!line.ends_with(name_of(Verdict::refuted))) {
      complain(line.substr(line.find(": ") + 2));
      continue;
    }
    const auto kept = std::filesystem::path(counterexamples) / path.filename();
    std::error_code failed;
    std::filesystem::create_directories(counterexamples, failed);
    std::filesystem::copy_file(path, kept, std::filesystem::copy_options::overwrite_existing,
                               failed);
    complain(fmt::format("{}; see it with: fiberproof prove --object {}",
                         line.substr(line.find(": ") + 2), failed ? path.string() : kept.string()));
  }
  return proofs->wrong.empty() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace fiberproof::verify
