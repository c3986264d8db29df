// A trace that breaks a mutant of the model runs on real stacks, where core does not have that bug:
// the Program passes.
#include "verify/cli/confirm.hpp"
#include "verify/model/search.hpp"
#include "verify/model/tests/mutants.hpp"
#include "verify/model/trace_text.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

TEST(model_traces, of_mutants_are_programs_that_core_runs_as_it_should) {
  for (const model::MutantCase& broken : model::mutant_cases) {
    model::SearchOptions options;
    options.sizes = {.records = 3, .handles = 6, .stacks = 2};
    options.operations = broken.operations;
    options.mutant = broken.mutant;
    options.theorem = broken.theorem;
    const auto found = model::search(options);
    ASSERT_TRUE(found.trace.has_value()) << broken.theorem;
    const auto program = model::program_text(*found.trace);
    ASSERT_TRUE(program.has_value()) << program.error();
    const Confirmation run = confirm_natively(*program, true, true);
    EXPECT_TRUE(run.confirmed) << broken.theorem << ": " << run.line << "\n" << *program;
  }
}

}  // namespace
}  // namespace fiberproof::verify
