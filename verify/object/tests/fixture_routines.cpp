// Routines for the tests of the object reader: one without relocations, one that refers to a
// variable and calls, one with an instruction outside the allow list, and one with bytes that are
// no instruction.
#include <cstdint>

extern "C" {

extern std::uint64_t fixture_counter;
std::uint64_t fixture_counter = 1;

std::uint64_t fixture_leaf(std::uint64_t a, std::uint64_t b);
std::uint64_t fixture_caller(std::uint64_t a);
std::uint64_t fixture_twice(std::uint64_t a);
std::uint64_t fixture_unmodelled();
void fixture_no_instruction();

[[gnu::noinline]] std::uint64_t fixture_leaf(std::uint64_t a, std::uint64_t b) {
  return a < b ? a + 1 : b;
}

std::uint64_t fixture_caller(std::uint64_t a) {
  return fixture_leaf(a, fixture_counter) + fixture_counter;
}

// Each of its relocations is the distance of a call.
std::uint64_t fixture_twice(std::uint64_t a) {
  return fixture_leaf(fixture_leaf(a, 3), a);
}

std::uint64_t fixture_unmodelled() {
  std::uint64_t low = 0;
  asm volatile("rdtsc" : "=a"(low) : : "rdx");
  return low;
}

// PUSH ES, which 64-bit mode does not have (SDM vol. 2).
void fixture_no_instruction() {
  asm volatile(".byte 0x06");
}

}  // extern "C"
