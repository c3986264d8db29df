#include "fuzz/target.hpp"

#include "core/machine_code.hpp"
#include "fuzz/report.hpp"
#include "fuzz/run.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

void print_machine_code() {
  std::string sites;
  for (const auto& site : switch_site_bytes()) {
    sites += fmt::format("{}\"{}\"", sites.empty() ? "" : ",", hex(site));
  }
  fmt::print("{{\"routines\":\"{}\",\"switch_sites\":[{}]}}\n", hex(routine_bytes()), sites);
}

/// A signal's frame with vector state is larger than the headroom of a continuation stack (L8), so
/// an engine's timer must not run on one. libFuzzer keeps the flag that it finds here.
void keep_signals_off_small_stacks() {
  for (const int signal : {SIGALRM, SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

bool make_program(std::span<const std::uint8_t> input, Generator* generator, Program& program) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  if (!has_program_magic(text)) {
    generator(input, program);
    return true;
  }
  return parse(text, program).has_value();
}

void start_target(int argument_count, char** arguments) {
  for (const char* const argument :
       std::span(arguments, static_cast<std::size_t>(argument_count))) {
    if (std::string_view(argument) == "-machine_code=1") {
      print_machine_code();
      std::exit(0);
    }
  }
  keep_signals_off_small_stacks();
  write_oracle_counts_at_exit();
}

void run_input(std::span<const std::uint8_t> input, Generator* generator) {
  static Program program;
  if (make_program(input, generator, program)) {
    run(program, &report_and_abort);
  }
}

}  // namespace fiberproof::fuzz
