#include "core/backtrace.hpp"

#include "core/symbols.hpp"

#include <expected>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace fiberproof {
namespace {

struct Walked {
  std::vector<Frame> frames;
  std::expected<void, WalkError> ended;
};

/// The frames that `walk` visits.
template <class Walk>
Walked collect(Walk walk) {
  Walked walked;
  walked.ended = walk([&walked](const Frame& frame) {
    walked.frames.push_back(frame);
    return true;
  });
  return walked;
}

std::string_view name_of(State state) {
  switch (state) {
    case State::fresh: return "fresh";
    case State::running: return "running";
    case State::parent: return "parent";
    case State::suspended: return "suspended";
    case State::returned: return "returned";
    case State::trapped: break;
  }
  return "trapped";
}

/// The lines of one frame: functions that were inlined, and the one that they were inlined into.
void print_frame(std::string& text, std::size_t number, const SourceFrames& lines) {
  std::string margin = "  #" + std::to_string(number) + " ";
  for (const SourceFrame& line : lines) {
    text += margin + line.function;
    if (!line.file.empty()) {
      text += " at " + line.file + ":" + std::to_string(line.line);
    }
    text += &line == &lines.back() ? "\n" : ", inlined into\n";
    margin.assign(margin.size(), ' ');
  }
}

std::string print(const Walked& walked) {
  const Symbols symbols;
  std::string text;
  const StackRecord* stack = nullptr;
  for (std::size_t index = 0; index < walked.frames.size(); ++index) {
    const Frame& frame = walked.frames[index];
    if (frame.stack != stack) {
      stack = frame.stack;
      text.append(name_of(*stack)).append(", ").append(name_of(stack->state)).append(":\n");
    }
    print_frame(text, index, symbols.find(frame.symbol_address()));
  }
  if (!walked.ended) {
    text += "no further: " + describe(walked.ended.error()) + "\n";
  }
  return text;
}

std::string print_on_thread(const Walked& walked) {
  std::string text;
  try {
    std::thread([&] { text = print(walked); }).join();
  } catch (const std::system_error& error) {
    text = std::string("no backtrace: no thread to print it: ") + error.what() + "\n";
  }
  return text;
}

}  // namespace

[[gnu::noinline]] std::string backtrace(const Store& store) {
  const Frame caller = calling_frame(__builtin_frame_address(0));
  return print_on_thread(
      collect([&](FrameVisitor visit) { return walk_active(store, caller, visit); }));
}

std::string backtrace(const Store& store, Handle handle) {
  return print_on_thread(
      collect([&](FrameVisitor visit) { return walk_suspended(store, handle, visit); }));
}

[[gnu::noinline]] std::string thread_backtrace() {
  const Frame caller = calling_frame(__builtin_frame_address(0));
  return print_on_thread(collect([&](FrameVisitor visit) { return walk_thread(caller, visit); }));
}

}  // namespace fiberproof
