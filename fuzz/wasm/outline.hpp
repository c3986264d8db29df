// A tree of items for each function of the modules: the steps that its stack takes, in their order,
// the event that gives the control back after each, and inside calls and tries their own items.
//
// Here is decided what of a run the modules do. A trap ends all stacks that run in a Wasm engine,
// where core goes on: the run is cut there, and goes on in another *part*, a second export, if only
// the initial stack would.
#pragma once

#include "fuzz/wasm/trace.hpp"
#include "fuzz/wasm/translation.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace fiberproof::fuzz::wasm {

inline constexpr std::uint32_t no_event = ~std::uint32_t{0};

struct Item {
  enum class Kind : std::uint8_t {
    operation,  ///< an event
    fails,      ///< an event that ends in a trap here
    call,       ///< `children` in a function, called through `depth` frames
    try_,       ///< `children`; where an exception is caught, `handler`
    entry,      ///< the host, or a function, calls the entry that `event` opens
  };
  Kind kind;
  std::uint32_t event;               ///< the one that opens a frame, or the operation
  std::uint32_t arrival = no_event;  ///< of an operation: the event that gives the control back
  std::uint32_t caught = no_event;   ///< of a try: the event whose exception it catches
  std::vector<Item> children = {};
  std::vector<Item> handler = {};
};

struct OutlinedPart {
  std::vector<Item> items;
  End end = End::returns;
};

struct Outline {
  std::deque<OutlinedPart> parts;         ///< of the initial stack
  std::vector<std::vector<Item>> stacks;  ///< by StackIndex; that of the initial stack is empty
  std::vector<std::uint32_t> start;       ///< by StackIndex: the event that started it
  std::vector<std::uint32_t> entries;     ///< StackIndex of each entry
  std::vector<std::string> left_out;      ///< in words
};

Outline outline(const Trace& trace, bool has_host);

}  // namespace fiberproof::fuzz::wasm
