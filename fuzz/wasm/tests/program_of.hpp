// Programs for the tests of the translation, by their steps.
#pragma once

#include "fuzz/program/program.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace fiberproof::fuzz::wasm {

/// A program with two functions, f0 of two params and one result and f1 without, and two tags.
/// `declarations` come before them.
inline Program program_of(std::string_view steps, std::string_view declarations = "") {
  std::string text = "fiberproof program 2\n";
  text.append(declarations)
      .append(
          "\nstack s0 pooled 65536\nfunction f0 params 2 returns 1\n"
          "function f1 params 0 returns 0\ntags 2\nsteps\n")
      .append(steps)
      .append("\nend\n");
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message) << '\n' << text;
  return program;
}

}  // namespace fiberproof::fuzz::wasm
