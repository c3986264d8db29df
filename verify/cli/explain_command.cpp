#include "verify/cli/explain_command.hpp"

#include "fuzz/explain/explain.hpp"
#include "fuzz/replay/replay.hpp"

#include <fmt/format.h>
#include <memory>

namespace fiberproof::verify {

ExitStatus explain_file(const std::string& path) {
  const auto program = std::make_unique<fuzz::AnyProgram>();
  if (const auto read = fuzz::read_program(path, *program); !read) {
    fmt::print(stderr, "fiberproof: {}\n", read.error());
    return ExitStatus::could_not_run;
  }
  fmt::print("{}", fuzz::explain(*program));
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
