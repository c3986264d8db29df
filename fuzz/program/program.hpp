// A Program: operations on fibers (SPEC.md, Continuations) in short, readable text. It has one list
// of steps, and whichever stack runs takes the next one: the text is what happens, in order.
//
//   fiberproof program 2                     # always the first line
//   expect pass                              # or: violation C5, check C3, trespass, …
//   trampoline trap                          # or v44: what initialize and start install (T5)
//   values i64 struct-as-any                 # the types that values have on an engine, up to 8
//                                            # (value_type.hpp); i64 alone is the default
//   handles tables                           # where an engine keeps handles: globals, which is the
//                                            # default, tables, or passed
//   instances 2                              # over which an engine spreads the functions, up to 3
//   stack s0 pooled 65536                    # usable bytes, in whole pages; 65536 is the default
//                                            # of the store: every second `new` passes no size
//   stack s1 supplied 40000 offset 3         # the embedder's memory, 3 bytes past a multiple of 64
//   stack s2 beyond 48                       # 2^48 - 1 bytes, more than an address space holds
//   numbers 65534                            # continuations of each store count on from here
//   revisions 4294967295                     # and so do the uses of each of their handles
//   function f0 params 2 returns 1
//   tags 2                                   # t0 and t1
//   steps
//     new h0 f0 on s0                        # makes a continuation; its handle goes to h0
//     new h1 null on s0                      # of no function: refused
//     bind h0 1 to h1                        # one value ahead; the new handle goes to h1
//     resume h1 1 to h2 suspends t0 t1 switches t0
//                                            # one more value; a handle of what suspends goes to h2
//     resume h2 0 to h2 after 256 suspends t0
//                                            # its table has 256 clauses of another tag before them
//     suspend t0 2 room 3                    # two values out, and room for three
//     throw-into h2 to h2 suspends t0        # resume_throw
//     switch h2 t1 0 room 1 to h3            # the next that runs puts the handle it gets into h3
//     call 3                                 # three frames down on the running stack
//     try                                    # one frame down, which catches what is thrown there
//     throw                                  # a C++ exception
//     rethrow                                # the exception that the running handler caught
//     cleanup                                # one frame down; an exception that leaves it is held
//                                            # up while its destructor takes steps
//     back                                   # out of the innermost call, try or cleanup, or of
//                                            # a destructor, whose exception then continues
//     enter                                  # the running stack opens an entry of its own
//     enter other                            # or one of the other store
//     leave                                  # and closes it
//     move                                   # the embedder continues on the other thread
//     walk                                   # walks the frames of the active chain
//     walk h2                                # or of a suspended one
//     walk broken cycle                      # with a wrong word in the chain, which the walk must
//     walk h2 broken misaligned              # report; also astray, orphan, context, start, inward,
//     walk broken endless                    # above; or must accept: lowest, highest
//     overrun                                # reads one word beyond the limit of the running stack
//     drop h2                                # abandons the chain
//     initialize f1 on s1                    # lays out only; the counts may be any u32
//     start f0 on s0                         # runs a continuation beside the store, to its end
//     yield 7                                # suspends it to its starter, which resumes it at once
//     yield 8 apart                          # the same, by a control context elsewhere (S1)
//     return                                 # ends the running body, as do trap and throw
//     repeat 2 999                           # the 2 steps before, 999 times more
//     collect                                # an engine makes garbage, and may collect it
//     resume-again h2                        # resumes what a check must stop: ends the process
//     trespass h2                            # reads in a guard page of it, even if the handle was
//                                            # consumed: ends the process
//     overflow                               # recurses down to a guard page: ends the process
//   end
//
// A started continuation is beside the store: it has no handle and handles no tag, and its starter
// takes no step before it ends. Until then only initialize, start, yield, return, trap, throw,
// overflow and repeat mean something. A trap or exception of it ends it, and leaves its starter as
// it was. With less than 16 KiB of stack for steps it takes the next step if that ends it, and
// returns otherwise.
//
// `#` starts a comment. A step that means nothing where it is taken (a return on the initial stack,
// a back with no frame) is skipped. After the last step every running body returns, and what is
// still suspended is abandoned. Tags of one clause list are tried in order.
//
// While the destructor of a cleanup takes steps, its exception is on its way. A body does not end
// then, and nothing is thrown, or attached to a chain, that would leave the destructor by a second
// exception: such steps are skipped. So is a step with a handle of the other store, and a move with
// anything entered or called. The embedder moves between two threads.
//
// Core ignores values, handles, instances and collect: its values have 16 bytes of any kind. On an
// engine, value i of a list has the type at i modulo their number, shifted by the number of the
// function or tag that the list belongs to.
//
// A stack that cannot be made, one `beyond` or supplied memory without 16 aligned bytes, is
// declared like any other: `new` on it is refused. Steps that end the process are for a replay and
// for the target `ends`, which expect the check or report that they lead to (predicted_end.hpp).
#pragma once

#include "core/continuation_start.hpp"
#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/expectation.hpp"
#include "fuzz/program/parse_error.hpp"
#include "fuzz/program/stack_shape.hpp"
#include "fuzz/program/value_type.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// Bounds of the language, each of them reachable.
namespace program_bounds {
inline constexpr std::size_t stacks = 16;
inline constexpr std::size_t functions = 16;
inline constexpr std::size_t tags = 4;
inline constexpr std::size_t tag_names = 2;  ///< of tags as core knows them: t2 is a namesake of t0
inline constexpr std::size_t handles = 8;
inline constexpr std::size_t steps = 64;
inline constexpr std::size_t suspend_clauses = 3;  ///< of one resume
inline constexpr std::size_t switch_clauses = 2;
inline constexpr std::uint32_t arity = 4095;          ///< parameters, results of what `new` makes
inline constexpr std::uint32_t wide_arity = 80'000;   ///< the same, but bytes rarely stand for it
inline constexpr std::uint32_t values_in = 65'535;    ///< of a bind and a resume
inline constexpr std::uint32_t values_across = 4095;  ///< of a suspend and a switch, and their room
inline constexpr std::uint32_t usual_values_in = 4095;    ///< of those that generators make
inline constexpr std::uint32_t usual_values_across = 15;  ///< likewise
inline constexpr std::uint32_t clauses_before = 70'000;   ///< in a table, before its own
inline constexpr std::uint64_t counted_before =
    ~std::uint64_t{0} - 0xf'ffff;  ///< numbers and uses: a run has far fewer than what is left
inline constexpr std::uint32_t frames = 15;  ///< of one call
inline constexpr std::uint32_t repeats = 1023;
inline constexpr std::size_t value_types = 8;
inline constexpr std::uint8_t instances = 3;
inline constexpr std::uint64_t pooled_bytes = std::uint64_t{1} << 37;  ///< to lay out on
inline constexpr std::uint64_t started_bytes = 2 * 1024 * 1024;        ///< to start on
inline constexpr std::uint64_t made_bytes = 2 * 1024 * 1024;           ///< of a `new`
inline constexpr std::uint64_t store_stack_bytes = 64 * 1024;  ///< where a cont_new names no size
inline constexpr std::uint64_t supplied_bytes = 64 * 1024 - 1;
inline constexpr std::uint32_t beyond_bits_min = 48;  ///< user space has 47 at most
inline constexpr std::uint32_t beyond_bits_max = 64;
}  // namespace program_bounds

/// A stack that no system can map: of 2^bits − 1 bytes.
constexpr StackShape stack_beyond(std::uint32_t bits) {
  return {StackShape::Kind::mapped, 0,
          ~std::uint64_t{0} >> (program_bounds::beyond_bits_max - bits)};
}
constexpr bool is_beyond(const StackShape& stack) {
  return stack.kind == StackShape::Kind::mapped && stack.bytes > program_bounds::pooled_bytes;
}

struct Signature {
  std::uint32_t params = 0;
  std::uint32_t returns = 0;
  friend bool operator==(const Signature&, const Signature&) = default;
};

/// The damage that a chain has while it is walked.
enum class Damage : std::uint8_t {
  misaligned,  ///< the RBP that the innermost noted frame saved is 8 too high
  astray,      ///< that RBP is one of another stack
  cycle,       ///< it is the address of the frame itself
  orphan,      ///< the innermost stack has no parent, though one waits
  context,     ///< the RSP where the next stack goes on is off that stack
  start,       ///< the walk begins at a frame pointer that is none, as a signal handler may
  inward,      ///< the RBP that the innermost noted frame saved leads into the args buffer
  endless,     ///< the innermost stack is its own parent, and goes on where that frame is
  above,       ///< the RSP where the next stack goes on is above its RBP
  lowest,      ///< nothing: that RSP is the lowest that it can be
  highest,     ///< nothing: that RSP is the highest that it can be
};
inline constexpr std::size_t damages = static_cast<std::size_t>(Damage::highest) + 1;

/// Whether a walk must find fault with it.
constexpr bool breaks_walk(Damage damage) {
  return damage != Damage::lowest && damage != Damage::highest;
}

/// One operation. Which fields it has stands beside them; the others are as they begin.
struct Step {
  enum class Kind : std::uint8_t {
    new_,        // handle, function, stack
    bind,        // handle, values, to
    resume,      // handle, values, to, before, suspends, switches
    throw_into,  // handle, to, before, suspends, switches
    suspend,     // tag, values, room
    switch_,     // handle, tag, values, room, to
    return_,
    trap,
    throw_,
    rethrow,
    drop,  // handle
    call,  // count: frames, from 1
    try_,
    back,
    enter,
    leave,
    walk,            // of the active chain
    walk_suspended,  // handle
    overrun,
    repeat,                 // length: how many steps before it; count: how many times more, from 1
    walk_broken,            // damage
    walk_suspended_broken,  // handle, damage
    resume_again,           // handle
    trespass,               // handle
    initialize,             // function, stack
    start,                  // function, stack
    yield,                  // index
    yield_apart,            // index
    overflow,
    collect,
    cleanup,
    enter_other,
    move,
  };
  static constexpr std::size_t kinds = static_cast<std::size_t>(Kind::move) + 1;
  static constexpr std::uint8_t null_function = program_bounds::functions;

  Kind kind = Kind::return_;
  std::uint8_t handle = 0;
  std::uint8_t to = 0;        ///< the handle slot for what comes back
  std::uint8_t function = 0;  ///< or null_function
  std::uint8_t stack = 0;
  std::uint8_t tag = 0;
  std::uint8_t length = 0;
  Damage damage = Damage::misaligned;
  std::uint16_t room = 0;
  std::uint16_t values = 0;
  std::uint16_t count = 0;
  std::uint32_t index = 0;   ///< of a yield: the handler index of its payload
  std::uint32_t before = 0;  ///< clauses of a tag that nothing names, before the table's own
  BoundedList<std::uint8_t, program_bounds::suspend_clauses> suspends{};
  BoundedList<std::uint8_t, program_bounds::switch_clauses> switches{};
  friend bool operator==(const Step&, const Step&) = default;
};

/// Whether the step is made to end the process.
constexpr bool ends_process(Step::Kind kind) {
  return kind == Step::Kind::resume_again || kind == Step::Kind::trespass ||
         kind == Step::Kind::overflow;
}

/// Whether the step ends the body that takes it.
constexpr bool ends_body(Step::Kind kind) {
  return kind == Step::Kind::return_ || kind == Step::Kind::trap || kind == Step::Kind::throw_;
}

struct Program {
  Expectation expect;
  Trampoline trampoline = Trampoline::trap;  ///< that is installed beside the store (T5)
  BoundedList<ValueType, program_bounds::value_types> values;  ///< none of them: i64
  HandlePlace handles = HandlePlace::globals;
  std::uint8_t instances = 1;                                   ///< from 1
  std::uint64_t numbers = 0;                                    ///< continuations counted before
  std::uint64_t revisions = 0;                                  ///< uses of each handle before
  BoundedList<StackShape, program_bounds::stacks> stacks;       ///< at least one
  BoundedList<Signature, program_bounds::functions> functions;  ///< at least one
  std::uint8_t tags = 1;                                        ///< from 1
  BoundedList<Step, program_bounds::steps> steps;

  /// Whether a step of it may end the process.
  bool ends_process() const;

  /// As new, to be filled again.
  void clear();
  friend bool operator==(const Program&, const Program&) = default;
};

/// Whether `text` claims to be a Program, of today's language or of an older one: it starts
/// with the magic words.
bool has_program_magic(std::string_view text);

/// Reads a Program into `program`, or says where `text` is none; `program` is unspecified
/// then. What names a stack, function or tag that is not declared is none, nor is a repeat of more
/// steps than come before it.
[[nodiscard]] std::expected<void, ParseError> parse(std::string_view text, Program& program);

/// The text of `program`: parse(print(p)) is p.
std::string print(const Program& program);

/// One step, as in the text.
std::string print(const Step& step);

}  // namespace fiberproof::fuzz
