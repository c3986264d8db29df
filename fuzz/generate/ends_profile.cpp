#include "fuzz/generate/ends_profile.hpp"

#include "fuzz/generate/byte_code.hpp"
#include "fuzz/reference/predicted_end.hpp"
#include "fuzz/reference/reference.hpp"

#include <algorithm>
#include <array>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

constexpr unsigned tries_max = 4;

// Codes of `new` in the bytes of generate_program, but neither its first, which encode() uses, nor
// its last.
constexpr std::uint8_t first_code = 1;
constexpr std::array<Kind, 10> coded_kinds = {
    Kind::overflow, Kind::overflow, Kind::overflow,     Kind::overflow,     Kind::trespass,
    Kind::trespass, Kind::trespass, Kind::resume_again, Kind::resume_again, Kind::resume_again};

Step decode_step_of_ends(const StepCode& code, const Program& program, std::size_t steps_before) {
  const std::size_t index = code[0] - std::size_t{first_code};
  return index < coded_kinds.size() ? decode_step(coded_kinds[index], code, program, steps_before)
                                    : decode_step(code, program, steps_before);
}

StepCode encode_step_of_ends(const Step& step) {
  StepCode code = encode(step);
  const auto coded = std::ranges::find(coded_kinds, step.kind);
  if (coded != coded_kinds.end()) {
    code[0] = static_cast<std::uint8_t>(first_code + (coded - coded_kinds.begin()));
  }
  return code;
}

std::uint64_t hash_of(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) {
    hash = (hash ^ byte) * 0x100000001b3;
  }
  return hash;
}

/// A step of this kind, whose fields are random.
Step& add(Program& program, Random& random, Kind kind) {
  if (program.steps.full()) {
    program.steps.truncate(program.steps.size() - 1);
  }
  program.steps.push_back(
      decode_step(kind, random.code<StepCode>(), program, program.steps.size()));
  return program.steps.back();
}

void add_running_continuation(Program& program, Random& random) {
  Step& made = add(program, random, Kind::new_);
  const std::uint8_t handle = made.handle;
  made.function = static_cast<std::uint8_t>(random.below(program.functions.size()));
  Step& resume = add(program, random, Kind::resume);
  resume.handle = handle;
  resume.values = 0;
}

/// Goes to a place where an end is another one: an entry, a frame that catches, a handler, a body
/// that is started beside the store, one more continuation.
void approach(Program& program, Random& random) {
  switch (random.below(8)) {
    case 0: add(program, random, Kind::enter); return;
    case 1: add(program, random, Kind::try_); return;
    case 2:
      add(program, random, Kind::try_);
      add(program, random, Kind::throw_);
      return;
    case 3: add(program, random, Kind::call); return;
    case 4: add(program, random, Kind::start); return;
    case 5:
      add(program, random, Kind::start);
      add(program, random, Kind::start);
      return;
    case 6: add_running_continuation(program, random); return;
    default: add(program, random, Kind::enter); add_running_continuation(program, random);
  }
}

bool is_of_the_embedder(const PredictedEnd& end) {
  return end.kind == PredictedEnd::Kind::unreported && end.by_recursion;
}

/// Adds a step that ends the process, the first such step from one that `random` chooses. False if
/// none means anything there.
bool add_end(Program& program, Random& random) {
  constexpr std::array<Kind, 3> kinds = {Kind::overflow, Kind::trespass, Kind::resume_again};
  const std::size_t first_kind = random.below(kinds.size());
  const std::size_t first_handle = random.below(program_bounds::handles);
  if (program.steps.full()) {
    program.steps.truncate(program.steps.size() - 1);
  }
  const Reference& reference = reference_after(program);
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    Step step{.kind = kinds[(first_kind + kind) % kinds.size()]};
    const std::size_t handles = step.kind == Kind::overflow ? 1 : program_bounds::handles;
    for (std::size_t handle = 0; handle < handles; ++handle) {
      step.handle = static_cast<std::uint8_t>(
          handles == 1 ? 0 : (first_handle + handle) % program_bounds::handles);
      const auto end = reference.end_by(step);
      if (end && (!is_of_the_embedder(*end) || random.one_in(16))) {
        program.steps.push_back(step);
        return true;
      }
    }
  }
  return false;
}

void add_any_end(Program& program, Random& random) {
  if (random.one_in(2)) {
    approach(program, random);
  }
  // A continuation that is refused, or has no room for steps, leads nowhere.
  for (unsigned tries = 0; !add_end(program, random) && tries < tries_max; ++tries) {
    add_running_continuation(program, random);
  }
}

}  // namespace

void generate_ends(std::span<const std::uint8_t> bytes, Program& program) {
  decode_program(bytes, program, &decode_step_of_ends);
  std::optional<PredictedEnd> end = predict_end(program);
  if (!end) {
    Random random(hash_of(bytes));
    add_any_end(program, random);
    end = predict_end(program);
  }
  program.expect = expectation_of(end);
}

std::size_t encode_ends(const Program& program, std::span<std::uint8_t> bytes) {
  return encode_program(program, bytes, &encode_step_of_ends);
}

void end_process(Program& program, Random& random) {
  if (predict_end(program) && random.one_in(2)) {
    return;
  }
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    if (ends_process(program.steps[index].kind)) {
      program.steps.truncate(index);
    }
  }
  add_any_end(program, random);
}

}  // namespace fiberproof::fuzz
