// A program to be read, not run.
#include <cstdint>

extern "C" std::uint64_t fixture_caller(std::uint64_t a);
extern "C" std::uint64_t fixture_unmodelled();

int main() {
  return static_cast<int>(fixture_caller(1) + fixture_unmodelled());
}
