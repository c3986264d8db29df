// Functions and source lines of addresses in this process, for backtraces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct Dwfl;

namespace fiberproof {

/// A function, and the place in it.
struct SourceFrame {
  std::string function;  ///< or module+offset, where no function is known
  std::string file;      ///< empty where no line is known
  int line = 0;
};

/// Inlined functions, innermost first, and at the end the one that they were inlined into. Never
/// empty.
using SourceFrames = std::vector<SourceFrame>;

/// The modules that are loaded at the time, with their symbols and their debug information.
class Symbols {
 public:
  Symbols();
  SourceFrames find(std::uint64_t address) const;

 private:
  struct End {
    void operator()(Dwfl* session) const;
  };
  std::unique_ptr<Dwfl, End> session_;
};

}  // namespace fiberproof
