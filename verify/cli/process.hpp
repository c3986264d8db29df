// Other programs: started, read line by line, and ended with us.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProcessEnd {
  bool started = false;
  int exit_code = -1;  ///< 128 + n where signal n ended it
};

/// Where the kernel puts a program's code, stack and mappings. Always at the same addresses where
/// it lets a process ask for that (personality(2)); else as it does for any.
enum class Addresses : std::uint8_t { any, same };

/// Runs `arguments[0]` with the rest as its arguments and `environment` ("NAME=value") added to
/// ours; gives each line of its standard output and standard error to `on_line`. Ctrl-C reaches it,
/// too.
ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses = Addresses::any);

}  // namespace fiberproof::verify
