#include "fuzz/bench/inputs.hpp"

#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/start_profiles.hpp"
#include "fuzz/replay/input_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Inputs = std::expected<std::vector<Bytes>, std::string>;

constexpr std::size_t runs_per_second_run = 8;  ///< of is_run_twice

/// Bodies of eight values in and eight out, of one yield each, nested `depth` deep.
std::string nest_text(unsigned depth) {
  std::string text = "fiberproof program 2\nexpect pass\n";
  for (int stack = 0; stack < 4; ++stack) {
    text += fmt::format("stack s{} pooled 32768\n", stack);
  }
  text += "function f0 params 8 returns 8\n";
  for (int function = 1; function < 6; ++function) {
    text += fmt::format("function f{} params 0 returns 0\n", function);
  }
  text += "tags 1\nsteps\n";
  for (unsigned nested = 0; nested < depth; ++nested) {
    text += "  start f0 on s0\n  yield 0\n";
  }
  return text + "end\n";
}

/// Bytes of that program, as many times as it takes for one to be run twice, as one of eight is.
/// They differ in what the generator does not read.
Inputs nest_inputs(unsigned depth) {
  // The first start and four steps, four stacks, six functions, 28 steps: three bytes each.
  Bytes bytes(3 * (1 + 4 + 4 + 6 + 28));
  constexpr std::size_t function = 3 * (1 + 4 + 4);
  bytes[function + 1] = 8;  // values
  for (unsigned step = 1; step < 2 * depth; ++step) {
    const std::size_t place = step <= 4 ? step : step + 4 + 6;
    bytes[3 * place] = step % 2 == 0 ? 0x40 : 0x7c;  // start, yield
  }
  Program program;
  generate_starts(bytes, program);
  if (print(program) != nest_text(depth)) {
    return std::unexpected("the generator makes another program of the nest:\n" + print(program));
  }
  std::vector<Bytes> inputs;
  bool twice = false;
  bytes.push_back(0);
  for (unsigned last = 0; last < 256 && inputs.size() < runs_per_second_run; ++last) {
    bytes.back() = static_cast<std::uint8_t>(last);
    const bool wanted_twice = inputs.size() + 1 == runs_per_second_run;
    if (is_run_twice(bytes) == wanted_twice) {
      inputs.push_back(bytes);
      twice = wanted_twice;
    }
  }
  if (!twice) {
    return std::unexpected("no input of the nest is run twice");
  }
  return inputs;
}

/// Any bytes do, the same ones in each process.
std::vector<Bytes> layout_inputs() {
  std::vector<Bytes> inputs(64, Bytes(32));
  std::uint64_t state = 1;
  for (Bytes& input : inputs) {
    for (std::uint8_t& byte : input) {
      state = state * 6364136223846793005 + 1442695040888963407;
      byte = static_cast<std::uint8_t>(state >> 56);
    }
  }
  return inputs;
}

/// The Programs below `paths` as bytes, which is what new inputs of a campaign are.
Inputs corpus_inputs(std::span<const std::string> paths) {
  std::vector<Bytes> inputs;
  for (const std::string& path : paths) {
    for (const std::string& file : input_files(path)) {
      const auto read = read_inputs(file);
      if (!read) {
        return std::unexpected(read.error());
      }
      const Bytes& bytes = read->front().bytes;
      Program program;
      if (!parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, program)) {
        return std::unexpected(file + ": is no Program");
      }
      program.expect = {};
      Bytes encoded(program_bytes_max);
      encoded.resize(encode(program, encoded));
      Program again;
      generate_program(encoded, again);
      if (print(again) != print(program)) {
        return std::unexpected(file + ": its bytes stand for another program");
      }
      inputs.push_back(std::move(encoded));
    }
  }
  if (inputs.empty()) {
    return std::unexpected("there is no program to run");
  }
  return inputs;
}

}  // namespace

std::expected<BenchCase, std::string> make_bench_case(std::string_view name,
                                                      std::span<const std::string> paths) {
  BenchCase made;
  Inputs inputs = std::unexpected(fmt::format("there is no case '{}'", name));
  if (name == "empty") {
    inputs = nest_inputs(1);
  } else if (name == "trampoline-1" || name == "trampoline-8") {
    made.generator = &generate_starts;
    inputs = nest_inputs(name == "trampoline-1" ? 1 : 8);
  } else if (name == "layout") {
    made.generator = &generate_layouts;
    inputs = layout_inputs();
  } else if (name == "program" || name == "walk") {
    made.generator = &generate_program;
    made.options.walk_everywhere = name == "walk";
    inputs = corpus_inputs(paths);
  }
  if (!inputs) {
    return std::unexpected(inputs.error());
  }
  made.inputs = std::move(*inputs);
  return made;
}

}  // namespace fiberproof::fuzz
