#include "fuzz/engine/tests/paper_engine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>

namespace fiberproof::fuzz::engine {

wasm::Translation named_program(const std::string& name, wasm::End end) {
  wasm::Translation program;
  program.modules.push_back({.name = name, .bytes = {0, 1, 2}, .text = {}});
  program.parts.push_back({.name = "main", .end = end});
  return program;
}

Fault PaperEngine::fault_of(const std::string& name) {
  const auto found = faults.find(name);
  if (found == faults.end()) return Fault::none;
  const Fault fault = found->second;
  if (once.contains(name)) faults.erase(found);
  return fault;
}

void PaperEngine::run_programs(const std::vector<std::string>& names, EngineEnd& end) {
  bool is_other_seen = false;
  for (std::size_t program = 0; program < names.size(); ++program) {
    const auto say = [&](const std::string& text) { end.lines.push_back(text); };
    say(fmt::format("@begin {}", program));
    const Fault fault = fault_of(names[program]);
    if (fault == Fault::refused) {
      say(fmt::format("@refused {} CompileError: bad byte @+{}", program, program));
      continue;
    }
    say(fmt::format("@call {} 0", program));
    end.timed_out = fault == Fault::hang;
    end.out_of_memory = fault == Fault::memory;
    if (end.timed_out || end.out_of_memory) return;
    if (fault == Fault::crash || (fault == Fault::crash_behind_other && is_other_seen)) {
      say("noise of a dying engine");
      end.exit_code = 139;
      return;
    }
    is_other_seen = is_other_seen || names[program] == other;
    say(fmt::format("@came {} 0 returned {}", program, fault == Fault::wrong ? 5 : 0));
    say(fmt::format("@done {}", program));
  }
  end.lines.emplace_back("@complete");
}

EngineEnd PaperEngine::operator()(const EngineCommand& command) {
  EngineEnd end{.started = true, .why_not_started = {}, .exit_code = 0, .lines = {}};
  std::ifstream file(command.arguments.back());
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("{\"shared\"")) continue;
    const std::string mark = "\"name\":\"";
    const std::size_t begin = line.find(mark) + mark.size();
    names.push_back(line.substr(begin, line.find('"', begin) - begin));
  }
  batches.push_back(names);
  const bool dies_at_once = std::ranges::any_of(names, [this](const auto& name) {
    return faults.contains(name) && faults[name] == Fault::crash_at_start;
  });
  if (dies_at_once) {
    end.exit_code = 134;
    return end;
  }
  run_programs(names, end);
  return end;
}

}  // namespace fiberproof::fuzz::engine
