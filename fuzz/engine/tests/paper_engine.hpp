// An engine of paper: reads the batch file that a driver wrote and prints what an engine would,
// with the faults that a test gives to programs by the name of their last module.
#pragma once

#include "fuzz/engine/driver.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fiberproof::fuzz::engine {

enum class Fault { none, wrong, refused, crash, hang, crash_behind_other, crash_at_start, memory };

/// A program whose only module has this name, and one part.
wasm::Translation named_program(const std::string& name, wasm::End end = wasm::End::returns);

class PaperEngine {
 public:
  std::map<std::string, Fault> faults;  ///< by the names of programs
  std::string other = "other";          ///< what crash_behind_other wants before it
  std::set<std::string> once;           ///< programs whose fault comes only the first time
  std::vector<std::vector<std::string>> batches;  ///< the names in each batch that was run

  EngineEnd operator()(const EngineCommand& command);

 private:
  Fault fault_of(const std::string& name);
  void run_programs(const std::vector<std::string>& names, EngineEnd& end);
};

}  // namespace fiberproof::fuzz::engine
