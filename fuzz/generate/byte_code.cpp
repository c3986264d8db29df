// Each field has its place in the bytes of its step. Most values of a byte encode numbers that are
// likely to matter, so that random bytes do something; one range of values, the escape, encodes
// exact numbers, so that every program can be encoded.
#include "fuzz/generate/byte_code.hpp"

#include "fuzz/generate/code_parts.hpp"
#include "fuzz/program/form.hpp"

#include <algorithm>
#include <bit>

namespace fiberproof::fuzz {
namespace {

/// A choosing byte of this value or more says that an exact number follows.
constexpr std::uint8_t escape = 0xf0;
constexpr std::uint8_t many_repeats = 0xff;  ///< beside the escape

/// How many of the 256 values of the first byte encode each kind.
constexpr std::array<std::uint16_t, Step::kinds> kind_weights = {
    46, 16, 54, 4, 42, 24, 24, 4, 3, 2, 8, 4, 6, 5, 4, 3, 2,
    2,  1,  2,  0, 0,  0,  0,  0, 0, 0, 0, 0, 0, 0, 0, 0};

/// Newer kinds, each with a few of the many codes of an older kind, so that old encodings decode as
/// before. Steps that end the process, and those for engines alone, have no code.
struct LaterCode {
  Step::Kind kind;
  Step::Kind instead_of;
  std::uint8_t codes;
};
constexpr std::array<LaterCode, 9> later_codes = {{
    {Step::Kind::walk_broken, Step::Kind::switch_, 1},
    {Step::Kind::walk_suspended_broken, Step::Kind::return_, 1},
    {Step::Kind::initialize, Step::Kind::new_, 1},
    {Step::Kind::start, Step::Kind::resume, 1},
    {Step::Kind::yield, Step::Kind::suspend, 1},
    {Step::Kind::yield_apart, Step::Kind::bind, 1},
    {Step::Kind::cleanup, Step::Kind::resume, 3},
    {Step::Kind::enter_other, Step::Kind::new_, 1},
    {Step::Kind::move, Step::Kind::suspend, 1},
}};

struct KindCodes {
  std::array<Step::Kind, 256> kind_of{};
  std::array<std::uint8_t, Step::kinds> code_of{};
};

consteval KindCodes make_kind_codes() {
  KindCodes codes;
  std::size_t code = 0;
  for (std::size_t kind = 0; kind < Step::kinds; ++kind) {
    codes.code_of[kind] = static_cast<std::uint8_t>(code);
    for (std::size_t count = 0; count < kind_weights[kind]; ++count) {
      codes.kind_of.at(code++) = static_cast<Step::Kind>(kind);
    }
  }
  if (code != codes.kind_of.size()) {
    throw "the weights do not add up to 256";
  }
  std::array<std::uint16_t, Step::kinds> left = kind_weights;
  for (const auto& [kind, instead_of, count] : later_codes) {
    const auto other = static_cast<std::size_t>(instead_of);
    for (std::uint8_t taken = 0; taken < count; ++taken) {
      const auto last = static_cast<std::uint8_t>(codes.code_of[other] + --left[other]);
      codes.kind_of.at(last) = kind;
      codes.code_of[static_cast<std::size_t>(kind)] = last;
    }
  }
  for (const Step::Kind without_code : {Step::Kind::resume_again, Step::Kind::trespass,
                                        Step::Kind::overflow, Step::Kind::collect}) {
    codes.code_of[static_cast<std::size_t>(without_code)] =
        codes.code_of[static_cast<std::size_t>(Step::Kind::walk)];
  }
  return codes;
}
constexpr KindCodes kind_codes = make_kind_codes();

/// Decodes a handle from half a byte: the first three are the most likely.
constexpr std::array<std::uint8_t, 16> handle_of_code = {0, 1, 2, 3, 4, 5, 6, 7,
                                                         0, 0, 0, 1, 1, 1, 2, 2};
/// Decodes a declared tag from half a byte.
constexpr std::array<std::uint8_t, 16> tag_of_code = {0, 1, 2, 3, 0, 0, 0, 0,
                                                      0, 0, 0, 0, 1, 1, 1, 2};
constexpr std::uint8_t null_function_code = 15;

/// Clause lists are numbered, shorter ones first: none, t0 to t3, t0 t0, t0 t1 and so on. A
/// larger number picks one of a few lists.
constexpr std::uint8_t suspends_numbered = 1 + 4 + 16 + 64;
constexpr std::uint8_t switches_numbered = 1 + 4 + 16;
static_assert(program_bounds::tags == 4 && program_bounds::suspend_clauses == 3 &&
              program_bounds::switch_clauses == 2);
constexpr std::array<std::uint8_t, 8> likely_suspends = {1, 1, 1, 1, 2, 2, 6, 0};
constexpr std::array<std::uint8_t, 8> likely_switches = {0, 0, 0, 0, 0, 1, 1, 2};

template <std::size_t bound>
void decode_clauses(std::uint32_t number, std::size_t tags_declared,
                    BoundedList<std::uint8_t, bound>& tags) {
  constexpr std::uint32_t tags_named = program_bounds::tags;
  std::uint32_t lists = 1;  // of this length
  std::size_t length = 0;
  for (; number >= lists; ++length) {
    number -= lists;
    lists *= tags_named;
  }
  for (; length > 0; --length) {
    lists /= tags_named;
    tags.push_back(
        remainder(static_cast<std::uint8_t>(number / lists % tags_named), tags_declared));
  }
}

template <std::size_t bound>
std::uint8_t encode_clauses(const BoundedList<std::uint8_t, bound>& tags) {
  std::size_t number = 0;
  std::size_t shorter = 0;
  std::size_t lists = 1;
  for (const std::uint8_t tag : tags) {
    number = number * program_bounds::tags + tag;
    shorter += lists;
    lists *= program_bounds::tags;
  }
  return static_cast<std::uint8_t>(shorter + number);
}

/// The last four bytes of a step mean something where the first of them has this value: numbers
/// that are wider than what has room elsewhere.
constexpr std::uint8_t wide = 0xff;
/// Bit 16 of the clauses before a table's own; the other bits of this byte are bits 12 to 15 of
/// the values.
constexpr std::uint8_t bit_of_clauses = 0x10;

/// The values of a bind or a resume: few, or about as many as a function takes.
std::uint16_t decode_values_in(std::uint8_t fine, std::uint8_t choice, const Program& program) {
  if (choice >= escape) {
    return static_cast<std::uint16_t>(fine | low(choice) << 8);
  }
  if (choice < 0x60) {
    return fine % 4;
  }
  const Signature& function = program.functions[remainder(fine, program.functions.size())];
  const int difference = choice < 0xb0 ? 0 : choice % 3 - 1;
  return near(choice < 0xd0 ? function.params : function.returns, difference,
              program_bounds::usual_values_in);
}

/// Adds what the wide part of a code says to the numbers of `step`.
void decode_wide(const StepCode& code, const StepForm& form, Step& step) {
  if (code[7] != wide) {
    return;
  }
  if (form.has(StepField::room)) {
    step.values = static_cast<std::uint16_t>(step.values | (code[8] << 4));
    step.room = static_cast<std::uint16_t>(step.room | (code[9] << 4));
  } else if (form.has(StepField::values)) {
    step.values = static_cast<std::uint16_t>(step.values | (low(code[8]) << 12));
  }
  if (form.has(StepField::before)) {
    const std::uint32_t highest = (code[8] & bit_of_clauses) != 0 ? 1u << 16 : 0u;
    step.before =
        std::min(code[9] | std::uint32_t{code[10]} << 8 | highest, program_bounds::clauses_before);
  }
}

void encode_wide(const Step& step, const StepForm& form, StepCode& code) {
  if (form.has(StepField::room)) {
    code[8] = static_cast<std::uint8_t>(step.values >> 4);
    code[9] = static_cast<std::uint8_t>(step.room >> 4);
  } else if (form.has(StepField::values)) {
    code[8] = static_cast<std::uint8_t>(step.values >> 12);
  }
  if (form.has(StepField::before)) {
    code[8] = static_cast<std::uint8_t>(code[8] | (step.before >> 16 != 0 ? bit_of_clauses : 0));
    code[9] = static_cast<std::uint8_t>(step.before);
    code[10] = static_cast<std::uint8_t>(step.before >> 8);
  }
  code[7] = code[8] != 0 || code[9] != 0 || code[10] != 0 ? wide : 0;
}

/// The values of a suspend or a switch, or the room for them: few, or any number.
std::uint16_t decode_values_across(std::uint8_t number, std::uint8_t choice) {
  return choice >= escape ? number : remainder(number, 4);
}

/// One byte, as often as `width` says: indices of every width.
std::uint32_t decode_index(std::uint8_t byte, std::uint8_t width) {
  return (byte * 0x01010101u) >> (24 - width % 4 * 8);
}
std::uint8_t index_width_of(std::uint32_t index) {
  return static_cast<std::uint8_t>(index == 0 ? 0 : (std::bit_width(index) - 1) / 8);
}

/// A number from 1: small, or any.
std::uint16_t decode_count(std::uint8_t fine, std::uint8_t choice, std::uint16_t max) {
  const std::uint32_t offset =
      choice >= escape ? fine | std::uint32_t{low(choice)} << 8 : fine % 4u;
  return static_cast<std::uint16_t>(1 + offset % max);
}

}  // namespace

std::uint16_t near(std::uint32_t count, int difference, std::uint16_t max) {
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(std::int64_t{count} + difference, 0, max));
}

Step decode_step(const StepCode& code, const Program& program, std::size_t steps_before) {
  return decode_step(kind_codes.kind_of[code[0]], code, program, steps_before);
}

Step decode_step(Step::Kind kind, const StepCode& code, const Program& program,
                 std::size_t steps_before) {
  Step step;
  // No step comes before the first one that it could repeat.
  step.kind = kind == Step::Kind::repeat && steps_before == 0 ? Step::Kind::new_ : kind;
  const StepForm& form = form_of(step.kind);
  if (form.has(StepField::handle)) {
    step.handle = handle_of_code[low(code[1])];
  }
  if (form.has(StepField::to)) {
    step.to = handle_of_code[high(code[1])];
  }
  if (form.has(StepField::function)) {
    step.function = low(code[2]) == null_function_code
                        ? Step::null_function
                        : remainder(low(code[2]), program.functions.size());
  }
  if (form.has(StepField::body)) {
    step.function = remainder(low(code[2]), program.functions.size());
  }
  if (form.has(StepField::stack)) {
    step.stack = remainder(high(code[2]), program.stacks.size());
  }
  if (form.has(StepField::tag)) {
    step.tag = remainder(tag_of_code[low(code[2])], program.tags);
  }
  if (form.has(StepField::values)) {
    step.values = form.has(StepField::room) ? decode_values_across(low(code[3]), code[4])
                                            : decode_values_in(code[3], code[4], program);
  }
  if (form.has(StepField::room)) {
    step.room = decode_values_across(high(code[3]), code[4]);
  }
  if (form.has(StepField::suspends)) {
    const std::uint8_t number = code[5];
    decode_clauses(number < suspends_numbered ? number : likely_suspends[number % 8], program.tags,
                   step.suspends);
  }
  if (form.has(StepField::switches)) {
    const std::uint8_t number = code[6];
    decode_clauses(number < switches_numbered ? number : likely_switches[number % 8], program.tags,
                   step.switches);
  }
  if (form.has(StepField::length)) {
    step.length = static_cast<std::uint8_t>(
        decode_count(code[1], code[2], static_cast<std::uint16_t>(steps_before)));
  }
  if (form.has(StepField::count)) {
    // An exact number of many repeats is for encode alone: one long program costs as much as a
    // thousand others.
    const bool exactly = step.kind != Step::Kind::repeat || code[5] == many_repeats;
    step.count = decode_count(code[3], exactly ? code[4] : 0, form.count_max);
  }
  if (form.has(StepField::index)) {
    step.index = decode_index(code[3], code[4]);
  }
  if (form.has(StepField::damage)) {
    step.damage = static_cast<Damage>(remainder(code[3], damages));
  }
  decode_wide(code, form, step);
  return step;
}

StepCode encode(const Step& step) {
  const StepForm& form = form_of(step.kind);
  StepCode code{};
  code[0] = kind_codes.code_of[static_cast<std::size_t>(step.kind)];
  code[1] = join(step.handle, step.to);
  if (form.has(StepField::stack)) {
    code[2] =
        join(step.function == Step::null_function ? null_function_code : step.function, step.stack);
  } else {
    code[2] = step.tag;
  }
  if (form.has(StepField::length)) {
    code[1] = static_cast<std::uint8_t>(step.length - 1);
    code[2] = escape;
  }
  const auto number =
      static_cast<std::uint16_t>(form.has(StepField::count) ? step.count - 1 : step.values);
  code[3] = form.has(StepField::room) ? join(low(static_cast<std::uint8_t>(number)),
                                             low(static_cast<std::uint8_t>(step.room)))
                                      : static_cast<std::uint8_t>(number);
  if (form.has(StepField::damage)) {
    code[3] = static_cast<std::uint8_t>(step.damage);
  }
  code[4] = static_cast<std::uint8_t>(escape | low(static_cast<std::uint8_t>(number >> 8)));
  if (form.has(StepField::index)) {
    code[3] = static_cast<std::uint8_t>(step.index);
    code[4] = index_width_of(step.index);
  }
  code[5] = step.kind == Step::Kind::repeat ? many_repeats : encode_clauses(step.suspends);
  code[6] = encode_clauses(step.switches);
  encode_wide(step, form, code);
  return code;
}

}  // namespace fiberproof::fuzz
