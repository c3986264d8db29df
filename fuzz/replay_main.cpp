// main() of a fuzz target without an engine: runs each file through the target, twice, so that used
// stacks are met as well. A finding ends the process as it would end a fuzzer. With --print in
// front, prints the Program that each file stands for instead; so a raw input becomes a text.
#include "fuzz/paths.hpp"
#include "fuzz/target.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t input_bytes_max = 1024 * 1024;

std::vector<std::string> files_in(const std::string& path) {
  using namespace fiberproof::fuzz;
  if (kind_of(path) != PathKind::directory) {
    return {path};
  }
  std::vector<std::string> found = paths_below(path).paths;
  std::erase_if(found, [](const std::string& below) { return kind_of(below) != PathKind::file; });
  return found;
}

bool read_input(const std::string& path, std::vector<std::uint8_t>& input) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    return false;
  }
  static std::array<std::uint8_t, input_bytes_max + 1> bytes;
  const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), file.get());
  input.assign(bytes.begin(), bytes.begin() + count);
  return std::ferror(file.get()) == 0 && count <= input_bytes_max;
}

void print_program(const std::vector<std::uint8_t>& input) {
  fiberproof::fuzz::Program program;
  if (make_program(input, fiberproof_target_generator(), program)) {
    fmt::print("{}", print(program));
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  LLVMFuzzerInitialize(&argument_count, &arguments);
  std::vector<std::string> paths(arguments + 1, arguments + argument_count);
  const bool print_only = !paths.empty() && paths.front() == "--print";
  if (print_only) {
    paths.erase(paths.begin());
  }
  std::size_t count = 0;
  std::vector<std::uint8_t> input;
  for (const std::string& path : paths) {
    for (const std::string& file : files_in(path)) {
      if (!read_input(file, input)) {
        fmt::print(stderr, "{}: cannot be read, or has more than {} bytes\n", file,
                   input_bytes_max);
        return 2;
      }
      if (print_only) {
        print_program(input);
      } else {
        LLVMFuzzerTestOneInput(input.data(), input.size());
        LLVMFuzzerTestOneInput(input.data(), input.size());
      }
      ++count;
    }
  }
  if (count == 0) {
    fmt::print(stderr, "no input file was found\n");
    return 2;
  }
  if (!print_only) {
    fmt::print("{} inputs, each run twice: nothing found\n", count);
  }
  return 0;
}
