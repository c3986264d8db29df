// The form of a Program's text, once for everybody who reads, prints or makes programs: the
// word of each kind of step, which fields it has, and their bounds.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/program/text.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fiberproof::fuzz {

inline constexpr std::array<std::string_view, damages> damage_words = {
    "misaligned", "astray",  "cycle", "orphan", "context", "start",
    "inward",     "endless", "above", "lowest", "highest"};

/// The fields of a step, in the order in which they stand in the text.
enum class StepField : std::uint8_t {
  handle,
  function,  ///< or null
  body,      ///< a function that is declared
  stack,
  tag,
  values,
  room,
  to,
  before,
  suspends,
  switches,
  length,
  count,
  index,
  apart,  ///< a word that stands for itself, as is `other`
  other,
  damage,
};
inline constexpr std::size_t step_fields = static_cast<std::size_t>(StepField::damage) + 1;

/// A set of fields.
using StepFields = std::uint32_t;
template <class... Field>
constexpr StepFields fields_of(Field... field) {
  return ((StepFields{1} << static_cast<unsigned>(field)) | ... | StepFields{0});
}

struct StepForm {
  std::string_view word;
  StepFields fields = 0;
  std::uint16_t values_max = 0;
  std::uint16_t count_max = 0;

  constexpr bool has(StepField field) const { return (fields & fields_of(field)) != 0; }
};

namespace detail {
using enum StepField;
inline constexpr std::array<StepForm, Step::kinds> step_forms = {{
    {"new", fields_of(handle, function, stack)},
    {"bind", fields_of(handle, values, to), program_bounds::values_in},
    {"resume", fields_of(handle, values, to, before, suspends, switches),
     program_bounds::values_in},
    {"throw-into", fields_of(handle, to, before, suspends, switches)},
    {"suspend", fields_of(tag, values, room), program_bounds::values_across},
    {"switch", fields_of(handle, tag, values, room, to), program_bounds::values_across},
    {"return"},
    {"trap"},
    {"throw"},
    {"rethrow"},
    {"drop", fields_of(handle)},
    {"call", fields_of(count), 0, program_bounds::frames},
    {"try"},
    {"back"},
    {"enter"},
    {"leave"},
    {"walk"},
    {"walk", fields_of(handle)},
    {"overrun"},
    {"repeat", fields_of(length, count), 0, program_bounds::repeats},
    {"walk", fields_of(damage)},
    {"walk", fields_of(handle, damage)},
    {"resume-again", fields_of(handle)},
    {"trespass", fields_of(handle)},
    {"initialize", fields_of(body, stack)},
    {"start", fields_of(body, stack)},
    {"yield", fields_of(index)},
    {"yield", fields_of(index, apart)},
    {"overflow"},
    {"collect"},
    {"cleanup"},
    {"enter", fields_of(other)},
    {"move"},
}};
}  // namespace detail

constexpr const StepForm& form_of(Step::Kind kind) {
  return detail::step_forms[static_cast<std::size_t>(kind)];
}

static_assert(form_of(Step::Kind::walk_suspended).has(StepField::handle));
static_assert(form_of(Step::Kind::repeat).word == "repeat");
static_assert(form_of(Step::Kind::overflow).word == "overflow");
static_assert(form_of(Step::Kind::collect).word == "collect");
static_assert(form_of(Step::Kind::move).word == "move");

}  // namespace fiberproof::fuzz
