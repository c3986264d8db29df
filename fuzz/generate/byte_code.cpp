// Each field has its place in the bytes of its step. Most values of a byte encode numbers that are
// likely to matter, so that random bytes do something; one range of values, the escape, encodes
// exact numbers, so that every program can be encoded.
#include "fuzz/generate/byte_code.hpp"

#include "fuzz/program/form.hpp"

#include <algorithm>
#include <bit>

namespace fiberproof::fuzz {
namespace {

/// A choosing byte of this value or more says that an exact number follows.
constexpr std::uint8_t escape = 0xf0;
// The escape of declarations. Rare, since a stack of a new size must be mapped, and many values
// cost as much as many steps.
constexpr std::uint8_t escape_pooled = 0xf6;
constexpr std::uint8_t escape_supplied = 0xf8;
constexpr std::uint8_t escape_function = 0xfd;
constexpr std::uint8_t many_repeats = 0xff;  ///< beside the escape

/// How many of the 256 values of the first byte encode each kind.
constexpr std::array<std::uint16_t, Step::kinds> kind_weights = {
    46, 16, 54, 4, 42, 24, 24, 4, 3, 2, 8, 4, 6, 5, 4, 3, 2, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/// Newer kinds, each with one of the many codes of an older kind, so that old encodings decode as
/// before. Steps that end the process, and those for engines alone, have no code.
struct LaterCode {
  Step::Kind kind;
  Step::Kind instead_of;
};
constexpr std::array<LaterCode, 6> later_codes = {{
    {Step::Kind::walk_broken, Step::Kind::switch_},
    {Step::Kind::walk_suspended_broken, Step::Kind::return_},
    {Step::Kind::initialize, Step::Kind::new_},
    {Step::Kind::start, Step::Kind::resume},
    {Step::Kind::yield, Step::Kind::suspend},
    {Step::Kind::yield_apart, Step::Kind::bind},
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
  for (const auto& [kind, instead_of] : later_codes) {
    const auto other = static_cast<std::size_t>(instead_of);
    const auto last = static_cast<std::uint8_t>(codes.code_of[other] + kind_weights[other] - 1);
    codes.kind_of.at(last) = kind;
    codes.code_of[static_cast<std::size_t>(kind)] = last;
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

/// Exact sizes of supplied memory are numbered from these on; what is left of 16 bits
/// are the sizes below, hardly a stack.
constexpr std::uint64_t supplied_bytes_min = 32;
constexpr std::uint64_t supplied_sizes = program_bounds::supplied_bytes - supplied_bytes_min + 1;
static_assert(supplied_sizes + supplied_bytes_min == 1u << 16);
// Stacks beyond an address space have one of the bytes for an exact size that encode() does not
// use. They are rare, since a rejected stack leads nowhere.
constexpr std::uint8_t escape_beyond = 0xf7;
constexpr std::uint8_t beyond_from = 0xe0;  ///< of the last byte
constexpr std::uint32_t beyond_sizes =
    program_bounds::beyond_bits_max - program_bounds::beyond_bits_min + 1;

std::uint8_t low(std::uint8_t byte) {
  return byte & 15;
}
std::uint8_t high(std::uint8_t byte) {
  return byte >> 4;
}
std::uint8_t join(std::uint8_t low, std::uint8_t high) {
  return static_cast<std::uint8_t>(low | high << 4);
}
std::uint8_t remainder(std::uint8_t number, std::size_t divisor) {
  return number % static_cast<std::uint8_t>(divisor);
}

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
              program_bounds::values_in);
}

/// The values of a suspend or a switch, or the room for them: few, or any number.
std::uint8_t decode_values_across(std::uint8_t number, std::uint8_t choice) {
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

std::uint16_t fitting_arity(const StackShape& stack, int difference) {
  constexpr std::uint64_t fixed_bytes = spec::return_count_below + spec::headroom_bytes;
  const std::uint64_t usable = usable_bytes_of(stack);
  const std::uint64_t fit = usable < fixed_bytes ? 0 : (usable - fixed_bytes) / spec::value_bytes;
  return near(static_cast<std::uint16_t>(std::min<std::uint64_t>(fit, program_bounds::arity)),
              difference, program_bounds::arity);
}

StackShape decode_stack(const DeclarationCode& code) {
  constexpr std::array<std::uint64_t, 8> pages = {16, 16, 16, 16, 16, 8, 1, 32};
  const std::uint64_t pair = code[1] | std::uint64_t{code[2]} << 8;
  const std::uint32_t offset = code[3] % (supplied_offset_max + 1);
  if (code[0] >= escape_supplied) {
    return {StackShape::Kind::supplied, offset,
            pair < supplied_sizes ? supplied_bytes_min + pair : pair - supplied_sizes};
  }
  if (code[0] >= escape_pooled) {
    constexpr std::uint64_t min = spec::page_bytes;
    constexpr std::uint64_t sizes = program_bounds::made_bytes - min + 1;
    if (code[0] == escape_beyond && code[3] >= beyond_from) {
      return stack_beyond(program_bounds::beyond_bits_min + code[1] % beyond_sizes);
    }
    return {StackShape::Kind::mapped, 0, min + (pair | std::uint64_t{code[3]} << 16) % sizes};
  }
  if (code[0] < 0xa0) {
    return {StackShape::Kind::mapped, 0, pages[code[0] % pages.size()] * spec::page_bytes};
  }
  // From just too small for any body to just large enough; or with room for many steps.
  constexpr std::uint64_t tight = spec::return_count_below + spec::headroom_bytes;
  return {StackShape::Kind::supplied, offset,
          code[0] < 0xb8 ? tight - 32 + pair % 512 : 20 * 1024 + pair % 0xa000};
}

DeclarationCode encode(const StackShape& stack) {
  const bool supplied = stack.kind == StackShape::Kind::supplied;
  if (is_beyond(stack)) {
    const auto bits = static_cast<std::uint32_t>(std::bit_width(stack.bytes));
    return {escape_beyond, static_cast<std::uint8_t>(bits - program_bounds::beyond_bits_min), 0,
            beyond_from};
  }
  std::uint64_t number =
      std::clamp(stack.bytes, spec::page_bytes, program_bounds::made_bytes) - spec::page_bytes;
  if (supplied) {
    number = stack.bytes < supplied_bytes_min ? supplied_sizes + stack.bytes
                                              : stack.bytes - supplied_bytes_min;
  }
  return {supplied ? escape_supplied : escape_pooled, static_cast<std::uint8_t>(number),
          static_cast<std::uint8_t>(number >> 8),
          static_cast<std::uint8_t>(supplied ? stack.offset : number >> 16)};
}

Signature decode_function(const DeclarationCode& code, const Program& program) {
  if (code[0] >= escape_function) {
    return {code[1] | std::uint32_t{low(code[3])} << 8,
            code[2] | std::uint32_t{high(code[3])} << 8};
  }
  const std::uint32_t few = code[1] % 4;
  const std::uint32_t other = code[2] % 4;
  if (code[0] < 0xe8) {
    return {few, other};
  }
  if (code[0] < 0xee) {
    return {code[1], code[2]};
  }
  const StackShape& stack = program.stacks[code[3] % program.stacks.size()];
  const std::uint32_t fit = fitting_arity(stack, code[0] % 3 - 1);
  return code[0] < 0xf6 ? Signature{fit, other} : Signature{few, fit};
}

DeclarationCode encode(const Signature& function) {
  const std::uint32_t params = std::min(function.params, program_bounds::arity);
  const std::uint32_t returns = std::min(function.returns, program_bounds::arity);
  return {escape_function, static_cast<std::uint8_t>(params), static_cast<std::uint8_t>(returns),
          join(static_cast<std::uint8_t>(params >> 8), static_cast<std::uint8_t>(returns >> 8))};
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
  code[3] = form.has(StepField::room) ? join(static_cast<std::uint8_t>(number), step.room)
                                      : static_cast<std::uint8_t>(number);
  if (form.has(StepField::damage)) {
    code[3] = static_cast<std::uint8_t>(step.damage);
  }
  code[4] = static_cast<std::uint8_t>(escape | number >> 8);
  if (form.has(StepField::index)) {
    code[3] = static_cast<std::uint8_t>(step.index);
    code[4] = index_width_of(step.index);
  }
  code[5] = step.kind == Step::Kind::repeat ? many_repeats : encode_clauses(step.suspends);
  code[6] = encode_clauses(step.switches);
  return code;
}

}  // namespace fiberproof::fuzz
